// Elementary functions of eight lanes.
//
// Goals, in order: right at ±0, ±∞, NaN and denormals; a stated error in ulp; no branch and no
// scalar code. `.rounded()`, `clamped` and `SIMD8<Int32>(floats)` compile to scalar loops, hence
// the magic-number round and the bit casts. The polynomials are near-minimax fits made by
// Tests/Reference/elementary_coefficients.py.

/// One value in every lane.
@inline(always)
private func lanes(_ value: Float) -> SIMD8<Float> { SIMD8(repeating: value) }

/// One integer in every lane.
@inline(always)
private func lanes(_ value: Int32) -> SIMD8<Int32> { SIMD8(repeating: value) }

@inline(always)
private func bits(_ value: SIMD8<Float>) -> SIMD8<Int32> {
    unsafe unsafeBitCast(value, to: SIMD8<Int32>.self)
}

@inline(always)
private func floats(_ value: SIMD8<Int32>) -> SIMD8<Float> {
    unsafe unsafeBitCast(value, to: SIMD8<Float>.self)
}

/// Adding and subtracting 1.5 · 2²³ rounds to an integer whose bits stand in the low mantissa.
private let roundingMagic: Float = 12_582_912

/// eˣ, by x = n ln 2 + r and eʳ = 1 + r + r² P(r), |r| ≤ ½ ln 2.
///
/// *Error bound*: 1.5 ulp. *Edge cases*: 0 and +∞ outside the range of `Float`; denormal results
/// are rounded once; NaN stays NaN.
@inline(always)
func exponential(_ x: SIMD8<Float>) -> SIMD8<Float> {
    let capped = x.replacing(with: lanes(89), where: x .> lanes(89))
    let limited = capped.replacing(with: lanes(-105), where: capped .< lanes(-105))
    let shifted = lanes(roundingMagic).addingProduct(limited, lanes(1.442_695_04))
    let n = shifted - lanes(roundingMagic)
    let high = limited.addingProduct(n, lanes(-0.693_359_375))
    let r = high.addingProduct(n, lanes(2.121_944_4e-4))
    var p = lanes(0.001_392_618_4)
    p = lanes(0.008_363_179).addingProduct(p, r)
    p = lanes(0.041_666_556).addingProduct(p, r)
    p = lanes(0.166_665_77).addingProduct(p, r)
    p = lanes(0.5).addingProduct(p, r)
    let value = (lanes(1) + r).addingProduct(p, r * r)
    // 2ⁿ in two factors, so that neither leaves the range before the product does.
    let exponent = bits(shifted) &- lanes(Int32(bitPattern: roundingMagic.bitPattern))
    let half = exponent &>> lanes(Int32(1))
    let first = floats((half &+ lanes(Int32(127))) &<< lanes(Int32(23)))
    let second = floats((exponent &- half &+ lanes(Int32(127))) &<< lanes(Int32(23)))
    return value * first * second
}

/// log x, by x = 2ⁿ (1 + f), f in [√½ − 1, √2 − 1], and log(1 + f) = f − f²/2 + f³ P(f).
///
/// *Error bound*: 1.5 ulp. *Edge cases*: log ±0 = −∞, log +∞ = +∞, NaN below zero.
@inline(always)
func logarithm(_ x: SIMD8<Float>) -> SIMD8<Float> {
    let denormal = x .< lanes(Float.leastNormalMagnitude)
    let scaled = x.replacing(with: x * lanes(8_388_608), where: denormal)
    // The bias makes the exponent's carry fall at √½ in place of 1.
    let biased = bits(scaled) &- lanes(Int32(0x3f35_04f3))
    let exponent = biased &>> lanes(Int32(23))
    let mantissa = floats((biased & lanes(Int32(0x7f_ffff))) &+ lanes(Int32(0x3f35_04f3)))
    let f = mantissa - lanes(1)
    // 2²³ + 2²² + n has n in its low bits: an integer converted without a conversion.
    let converted =
        floats(exponent &+ lanes(Int32(bitPattern: roundingMagic.bitPattern)))
        - lanes(roundingMagic)
    let n = converted - lanes(0).replacing(with: lanes(23), where: denormal)
    var p = lanes(0.069_716_114)
    p = lanes(-0.114_797_34).addingProduct(p, f)
    p = lanes(0.116_854_2).addingProduct(p, f)
    p = lanes(-0.124_256_874).addingProduct(p, f)
    p = lanes(0.142_490_58).addingProduct(p, f)
    p = lanes(-0.166_678_02).addingProduct(p, f)
    p = lanes(0.200_007_16).addingProduct(p, f)
    p = lanes(-0.249_999_97).addingProduct(p, f)
    p = lanes(0.333_333_32).addingProduct(p, f)
    let square = f * f
    let low = (n * lanes(-2.121_944_4e-4)).addingProduct(p, square * f)
    let tail = low.addingProduct(square, lanes(-0.5))
    let value = (f + tail).addingProduct(n, lanes(0.693_359_375))
    let finite = value.replacing(with: x, where: x .== lanes(.infinity))
    let nonNegative = finite.replacing(with: lanes(.nan), where: x .< lanes(0))
    let positive = nonNegative.replacing(with: lanes(-.infinity), where: x .== lanes(0))
    return positive.replacing(with: x, where: x .!= x)
}

/// tanh x = x P(x²) / Q(x²), |x| ≤ 9.02, and ±1 beyond.
///
/// *Error bound*: 6 ulp. *Edge cases*: ±0 and denormals are returned as they are; tanh ±∞ = ±1;
/// NaN stays NaN; |tanh x| ≤ 1.
@inline(always)
func hyperbolicTangent(_ x: SIMD8<Float>) -> SIMD8<Float> {
    let below = x.replacing(with: lanes(9.02), where: x .> lanes(9.02))
    let limited = below.replacing(with: lanes(-9.02), where: below .< lanes(-9.02))
    let square = limited * limited
    var p = lanes(1.338_423_2e-8)
    p = lanes(2.063_577_9e-5).addingProduct(p, square)
    p = lanes(3.497_455e-3).addingProduct(p, square)
    p = lanes(0.133_826_85).addingProduct(p, square)
    p = lanes(1).addingProduct(p, square)
    var q = lanes(7.790_224_6e-7)
    q = lanes(3.288_513e-4).addingProduct(q, square)
    q = lanes(2.588_435_1e-2).addingProduct(q, square)
    q = lanes(0.467_160_06).addingProduct(q, square)
    q = lanes(1).addingProduct(q, square)
    let value = limited * p / q
    let top = value.replacing(with: lanes(1), where: value .> lanes(1))
    return top.replacing(with: lanes(-1), where: top .< lanes(-1))
}

/// |x|, by the sign bit.
@inline(always)
private func magnitude(_ x: SIMD8<Float>) -> SIMD8<Float> {
    floats(bits(x) & lanes(Int32(0x7fff_ffff)))
}

/// σ(x) = 1 / (1 + e⁻ˣ), by e⁻|ˣ|, which never overflows.
///
/// *Error bound*: 3 ulp. *Edge cases*: σ(−∞) = 0, σ(+∞) = 1, NaN stays NaN.
@inline(always)
func logisticSigmoid(_ x: SIMD8<Float>) -> SIMD8<Float> {
    let e = exponential(-magnitude(x))
    let numerator = e.replacing(with: lanes(1), where: x .>= lanes(0))
    return numerator / (lanes(1) + e)
}

/// softplus(x) = log(1 + eˣ) = max(x, 0) + log1p(e⁻|ˣ|).
///
/// *Error bound*: 3 ulp. *Edge cases*: 0 at −∞, +∞ at +∞, NaN stays NaN.
@inline(always)
func softPlus(_ x: SIMD8<Float>) -> SIMD8<Float> {
    let e = exponential(-magnitude(x))
    let sum = lanes(1) + e
    // What the sum lost is added to first order (Kahan's log1p).
    let tail = logarithm(sum) + (e - (sum - lanes(1))) / sum
    return lanes(0).replacing(with: x, where: x .> lanes(0))
        .replacing(with: x, where: x .!= x) + tail
}

/// sin and cos of 2π u for u in [0, 1), by the quadrant and a polynomial on |t| ≤ ½.
///
/// *Error bound*: 2 · 10⁻⁷ absolute.
@inline(always)
func sineAndCosineOfTurns(_ u: SIMD8<Float>) -> (sine: SIMD8<Float>, cosine: SIMD8<Float>) {
    let quarterTurns = u * lanes(4)
    let shifted = quarterTurns + lanes(roundingMagic)
    let t = quarterTurns - (shifted - lanes(roundingMagic))
    let square = t * t
    var s = lanes(1.582_063e-4)
    s = lanes(-4.681_266_3e-3).addingProduct(s, square)
    s = lanes(7.969_258_3e-2).addingProduct(s, square)
    s = lanes(-0.645_964_1).addingProduct(s, square)
    s = lanes(1.570_796_4).addingProduct(s, square)
    let sine = s * t
    var c = lanes(-2.485_096_3e-5)
    c = lanes(9.191_617_5e-4).addingProduct(c, square)
    c = lanes(-2.086_346_8e-2).addingProduct(c, square)
    c = lanes(0.253_669_5).addingProduct(c, square)
    c = lanes(-1.233_700_6).addingProduct(c, square)
    let cosine = lanes(1).addingProduct(c, square)
    let quadrant = bits(shifted)
    let odd = (quadrant & lanes(Int32(1))) .!= lanes(Int32(0))
    let sineSign = (quadrant & lanes(Int32(2))) &<< lanes(Int32(30))
    let cosineSign = ((quadrant &+ lanes(Int32(1))) & lanes(Int32(2))) &<< lanes(Int32(30))
    let swappedSine = sine.replacing(with: cosine, where: odd)
    let swappedCosine = cosine.replacing(with: sine, where: odd)
    return (
        floats(bits(swappedSine) ^ sineSign), floats(bits(swappedCosine) ^ cosineSign)
    )
}
