// Elementary functions of LANES lanes; included once for each width, hence without a guard.
//
// Goals, in order: right at ±0, ±∞, NaN and denormals; a stated error in ulp; no branch and no
// scalar code. Integers are rounded by adding a magic number and reading bits. The polynomials are
// near-minimax fits made by Tests/Reference/elementary_coefficients.py.

// Adding and subtracting 1.5 · 2²³ rounds to an integer whose bits stand in the low mantissa.
#define LANE_ROUNDING 12582912.0f
#define LANE_ROUNDING_BITS 0x4b400000

typedef float LANE_NAME(lane_floats) __attribute__((ext_vector_type(LANES)));
typedef int LANE_NAME(lane_bits) __attribute__((ext_vector_type(LANES)));
#pragma STDC FP_CONTRACT OFF

#define FLOATS LANE_NAME(lane_floats)
#define BITS LANE_NAME(lane_bits)
// a · b + c, rounded once.
#define MULTIPLY_ADD(a, b, c) __builtin_elementwise_fma((FLOATS)(a), (FLOATS)(b), (FLOATS)(c))
// Where the condition holds the first, elsewhere the second.
#define CHOOSE(condition, first, second) ((condition) ? (FLOATS)(first) : (FLOATS)(second))

/// eˣ, by x = n ln 2 + r and eʳ = 1 + r + r² P(r), |r| ≤ ½ ln 2.
///
/// *Error bound*: 1.5 ulp. *Edge cases*: 0 and +∞ outside the range of float; denormal results
/// are rounded once; NaN stays NaN.
LANE_INLINE FLOATS LANE_NAME(lane_exp)(FLOATS x) {
    const FLOATS capped = CHOOSE(x > 89.0f, 89.0f, x);
    const FLOATS limited = CHOOSE(capped < -105.0f, -105.0f, capped);
    const FLOATS shifted = MULTIPLY_ADD(limited, 1.44269502f, LANE_ROUNDING);
    const FLOATS n = shifted - LANE_ROUNDING;
    const FLOATS high = MULTIPLY_ADD(n, -0.693359375f, limited);
    const FLOATS r = MULTIPLY_ADD(n, 2.1219444e-4f, high);
    FLOATS p = 0.0013926184f;
    p = MULTIPLY_ADD(p, r, 0.008363179f);
    p = MULTIPLY_ADD(p, r, 0.041666556f);
    p = MULTIPLY_ADD(p, r, 0.16666577f);
    p = MULTIPLY_ADD(p, r, 0.5f);
    const FLOATS value = MULTIPLY_ADD(p, r * r, 1.0f + r);
    // 2ⁿ in two factors, so that neither leaves the range before the product does.
    const BITS exponent = (BITS)shifted - LANE_ROUNDING_BITS;
    const BITS half = exponent >> 1;
    const FLOATS first = (FLOATS)((half + 127) << 23);
    const FLOATS second = (FLOATS)((exponent - half + 127) << 23);
    return value * first * second;
}

/// log x, by x = 2ⁿ (1 + f), f in [√½ − 1, √2 − 1], and log(1 + f) = f − f²/2 + f³ P(f).
///
/// *Error bound*: 1.5 ulp. *Edge cases*: log ±0 = −∞, log +∞ = +∞, NaN below zero.
LANE_INLINE FLOATS LANE_NAME(lane_log)(FLOATS x) {
    const BITS denormal = x < 1.17549435e-38f;
    const FLOATS scaled = CHOOSE(denormal, x * 8388608.0f, x);
    // The bias makes the exponent's carry fall at √½ in place of 1.
    const BITS biased = (BITS)scaled - 0x3f3504f3;
    const BITS exponent = biased >> 23;
    const FLOATS mantissa = (FLOATS)((biased & 0x7fffff) + 0x3f3504f3);
    const FLOATS f = mantissa - 1.0f;
    // 2²³ + 2²² + n has n in its low bits: an integer converted without a conversion.
    const FLOATS converted = (FLOATS)(exponent + LANE_ROUNDING_BITS) - LANE_ROUNDING;
    const FLOATS n = converted - CHOOSE(denormal, 23.0f, 0.0f);
    FLOATS p = 0.069716114f;
    p = MULTIPLY_ADD(p, f, -0.11479734f);
    p = MULTIPLY_ADD(p, f, 0.1168542f);
    p = MULTIPLY_ADD(p, f, -0.124256874f);
    p = MULTIPLY_ADD(p, f, 0.14249058f);
    p = MULTIPLY_ADD(p, f, -0.16667802f);
    p = MULTIPLY_ADD(p, f, 0.20000716f);
    p = MULTIPLY_ADD(p, f, -0.24999997f);
    p = MULTIPLY_ADD(p, f, 0.33333332f);
    const FLOATS square = f * f;
    const FLOATS low = MULTIPLY_ADD(p, square * f, n * -2.1219444e-4f);
    const FLOATS tail = MULTIPLY_ADD(square, -0.5f, low);
    const FLOATS value = MULTIPLY_ADD(n, 0.693359375f, f + tail);
    const FLOATS finite = CHOOSE(x == __builtin_inff(), x, value);
    const FLOATS nonnegative = CHOOSE(x < 0.0f, __builtin_nanf(""), finite);
    const FLOATS positive = CHOOSE(x == 0.0f, -__builtin_inff(), nonnegative);
    return CHOOSE(x != x, x, positive);
}

/// tanh x = x P(x²) / Q(x²), |x| ≤ 9.02, and ±1 beyond.
///
/// *Error bound*: 6 ulp. *Edge cases*: ±0 and denormals are returned as they are; tanh ±∞ = ±1;
/// NaN stays NaN; |tanh x| ≤ 1.
LANE_INLINE FLOATS LANE_NAME(lane_tanh)(FLOATS x) {
    const FLOATS below = CHOOSE(x > 9.02f, 9.02f, x);
    const FLOATS limited = CHOOSE(below < -9.02f, -9.02f, below);
    const FLOATS square = limited * limited;
    FLOATS p = 1.3384232e-8f;
    p = MULTIPLY_ADD(p, square, 2.0635779e-5f);
    p = MULTIPLY_ADD(p, square, 3.497455e-3f);
    p = MULTIPLY_ADD(p, square, 0.13382685f);
    p = MULTIPLY_ADD(p, square, 1.0f);
    FLOATS q = 7.7902246e-7f;
    q = MULTIPLY_ADD(q, square, 3.288513e-4f);
    q = MULTIPLY_ADD(q, square, 2.5884351e-2f);
    q = MULTIPLY_ADD(q, square, 0.46716006f);
    q = MULTIPLY_ADD(q, square, 1.0f);
    const FLOATS value = limited * p / q;
    const FLOATS top = CHOOSE(value > 1.0f, 1.0f, value);
    return CHOOSE(top < -1.0f, -1.0f, top);
}

/// −|x|, by the sign bit.
LANE_INLINE FLOATS LANE_NAME(lane_negative_magnitude)(FLOATS x) {
    return (FLOATS)((BITS)x | (int)0x80000000);
}

/// σ(x) = 1 / (1 + e⁻ˣ), by e⁻|ˣ|, which never overflows.
///
/// *Error bound*: 3 ulp. *Edge cases*: σ(−∞) = 0, σ(+∞) = 1, NaN stays NaN.
LANE_INLINE FLOATS LANE_NAME(lane_sigmoid)(FLOATS x) {
    const FLOATS e = LANE_NAME(lane_exp)(LANE_NAME(lane_negative_magnitude)(x));
    return CHOOSE(x >= 0.0f, 1.0f, e) / (1.0f + e);
}

/// softplus(x) = log(1 + eˣ) = max(x, 0) + log1p(e⁻|ˣ|).
///
/// *Error bound*: 3 ulp. *Edge cases*: 0 at −∞, +∞ at +∞, NaN stays NaN.
LANE_INLINE FLOATS LANE_NAME(lane_softplus)(FLOATS x) {
    const FLOATS e = LANE_NAME(lane_exp)(LANE_NAME(lane_negative_magnitude)(x));
    const FLOATS sum = 1.0f + e;
    // What the sum lost is added to first order (Kahan's log1p).
    const FLOATS tail = LANE_NAME(lane_log)(sum) + (e - (sum - 1.0f)) / sum;
    return CHOOSE(x != x, x, CHOOSE(x > 0.0f, x, 0.0f)) + tail;
}

/// sin 2π u for u in [0, 1), or cos 2π u where `turn` is 1, by the quadrant and a polynomial on
/// |t| ≤ ½.
///
/// *Error bound*: 2 · 10⁻⁷ absolute.
LANE_INLINE FLOATS LANE_NAME(lane_sine_of_turns)(FLOATS u, int turn) {
    const FLOATS quarters = u * 4.0f;
    const FLOATS shifted = quarters + LANE_ROUNDING;
    const FLOATS t = quarters - (shifted - LANE_ROUNDING);
    const FLOATS square = t * t;
    FLOATS s = 1.582063e-4f;
    s = MULTIPLY_ADD(s, square, -4.6812663e-3f);
    s = MULTIPLY_ADD(s, square, 7.9692583e-2f);
    s = MULTIPLY_ADD(s, square, -0.6459641f);
    s = MULTIPLY_ADD(s, square, 1.5707964f);
    const FLOATS sine = s * t;
    FLOATS c = -2.4850963e-5f;
    c = MULTIPLY_ADD(c, square, 9.1916175e-4f);
    c = MULTIPLY_ADD(c, square, -2.0863468e-2f);
    c = MULTIPLY_ADD(c, square, 0.2536695f);
    c = MULTIPLY_ADD(c, square, -1.2337006f);
    const FLOATS cosine = MULTIPLY_ADD(c, square, 1.0f);
    const BITS quadrant = (BITS)shifted + turn;
    const FLOATS value = CHOOSE((quadrant & 1) != 0, cosine, sine);
    return (FLOATS)((BITS)value ^ ((quadrant & 2) << 30));
}

#undef FLOATS
#undef BITS
#undef MULTIPLY_ADD
#undef CHOOSE
#undef LANE_ROUNDING
#undef LANE_ROUNDING_BITS
