#if canImport(Darwin)
import Darwin
#else
import Glibc
#endif

/// A sequence of random numbers that is a function of its seed and stream index alone.
///
/// The seed is the key of `Philox4x32`; the stream index is the upper half of its counter, the
/// position within the stream the lower half. Row i of a data set takes stream i, so it does not
/// depend on the rows before it, on the batch it is computed in, or on the number of threads.
///
/// Every call consumes whole 32-bit words in order: one for `uniformFloat()`, two for `uniform()`
/// and `word64()`, four for every second `normal()`.
public struct RandomStream: Sendable, Equatable {
    /// The seed the stream belongs to.
    public let seed: UInt64
    /// Which of the seed's streams this is.
    public let stream: UInt64
    /// The number of the next block of four words.
    private var nextBlock: UInt64 = 0
    /// The block in hand.
    private var words: SIMD4<UInt32> = .zero
    /// Index of the next word of `words`; four when there is none left.
    private var position = 4
    /// The second normal of the last pair.
    private var spareNormal: Double?

    /// The start of one stream of a seed.
    public init(seed: UInt64, stream: UInt64 = 0) {
        self.seed = seed
        self.stream = stream
    }

    /// A stream independent of this one and of its position, chosen by a key.
    ///
    /// Its seed is a Philox block of the key and the stream index under the complement of the
    /// seed, so substreams of substreams are independent as well.
    public func substream(_ key: UInt64) -> RandomStream {
        let block = Philox4x32.block(
            counter: SIMD4(lowHalf: Self.halves(key), highHalf: Self.halves(stream)),
            key: Self.halves(~seed)
        )
        return RandomStream(
            seed: UInt64(block[1]) << 32 | UInt64(block[0]),
            stream: UInt64(block[3]) << 32 | UInt64(block[2])
        )
    }

    /// The next 32 random bits.
    public mutating func word() -> UInt32 {
        if position == 4 {
            refill()
        }
        let word = words[position]
        position &+= 1
        return word
    }

    /// The next 64 random bits.
    public mutating func word64() -> UInt64 {
        let low = UInt64(word())
        return UInt64(word()) << 32 | low
    }

    /// A uniform number strictly between 0 and 1.
    ///
    ///     (k + ½) 2⁻⁵²,  k = 0 … 2⁵² − 1
    ///
    /// *Postcondition*: 2⁻⁵³ ≤ u ≤ 1 − 2⁻⁵³; the mean is ½ exactly.
    public mutating func uniform() -> Double {
        (Double(word64() >> 12) + 0.5) * 0x1p-52
    }

    /// A uniform number strictly between 0 and 1, in single precision.
    ///
    ///     (k + ½) 2⁻²³,  k = 0 … 2²³ − 1
    ///
    /// *Postcondition*: 2⁻²⁴ ≤ u ≤ 1 − 2⁻²⁴.
    public mutating func uniformFloat() -> Float {
        (Float(word() >> 9) + 0.5) * 0x1p-23
    }

    /// A standard normal number.
    ///
    ///     √(−2 log u) cos 2πv,  √(−2 log u) sin 2πv
    ///
    /// *Reference*: Box, Muller (1958), A Note on the Generation of Random Normal Deviates,
    /// doi:10.1214/aoms/1177706645.
    ///
    /// *Postcondition*: |z| ≤ √(106 log 2) < 8.58, since u ≥ 2⁻⁵³; beyond it the normal has a mass
    /// of 1e-17.
    public mutating func normal() -> Double {
        if let normal = spareNormal {
            spareNormal = nil
            return normal
        }
        let radius = (-2 * log(uniform())).squareRoot()
        let angle = 2 * Double.pi * uniform()
        spareNormal = radius * sin(angle)
        return radius * cos(angle)
    }

    /// A whole number from 0 up to, but not including, `bound`; every one equally likely.
    ///
    /// *Reference*: Lemire (2019), Fast Random Integer Generation in an Interval,
    /// arXiv:1805.10941.
    public mutating func integer(below bound: Int) -> Int {
        precondition(bound > 0, "an integer below \(bound)")
        let range = UInt64(bound)
        var product = range.multipliedFullWidth(by: word64())
        if product.low < range {
            let threshold = (0 &- range) % range
            while product.low < threshold {
                product = range.multipliedFullWidth(by: word64())
            }
        }
        return Int(product.high)
    }

    /// Puts the elements in random order; every order equally likely.
    ///
    /// *Reference*: Durstenfeld (1964), Algorithm 235: Random permutation,
    /// doi:10.1145/364520.364540.
    public mutating func shuffle<Element>(_ elements: inout [Element]) {
        var remaining = elements.count
        while remaining > 1 {
            let chosen = integer(below: remaining)
            remaining &-= 1
            elements.swapAt(chosen, remaining)
        }
    }

    /// A random permutation of 0 ..< `count`.
    public mutating func permutation(_ count: Int) -> [Int] {
        var indices = Array(0..<count)
        shuffle(&indices)
        return indices
    }

    /// Computes the next block of words.
    private mutating func refill() {
        words = Philox4x32.block(
            counter: SIMD4(lowHalf: Self.halves(nextBlock), highHalf: Self.halves(stream)),
            key: Self.halves(seed)
        )
        nextBlock &+= 1
        position = 0
    }

    /// The low and the high 32 bits.
    private static func halves(_ value: UInt64) -> SIMD2<UInt32> {
        SIMD2(UInt32(truncatingIfNeeded: value), UInt32(truncatingIfNeeded: value >> 32))
    }
}
