#if canImport(Darwin)
import Darwin
#else
import Glibc
#endif

/// The generator MT19937 as `numpy.random.RandomState` draws from it.
///
/// sbibm made its fixed stimulus and its distractors with it from seed 42: 26,000 words of
/// generator state are shorter than the 87,000 numbers they stand for.
///
/// *Reference*: Matsumoto, Nishimura (1998), Mersenne Twister, doi:10.1145/272991.272995; numpy's
/// legacy distributions for doubles, normals (Marsaglia's polar method) and permutations.
struct MersenneTwister {
    /// The state.
    private var words: [UInt32]
    /// The next word of the state to give out.
    private var position = 624
    /// The second normal of the last pair.
    private var spareNormal: Double?

    /// Starts from a seed.
    init(seed: UInt32) {
        words = [seed]
        for index in 1..<624 {
            let last = words[index - 1]
            words.append(1_812_433_253 &* (last ^ (last >> 30)) &+ UInt32(index))
        }
    }

    /// The next 32 random bits.
    mutating func word() -> UInt32 {
        if position == 624 {
            for index in 0..<624 {
                let joined =
                    (words[index] & 0x8000_0000) | (words[(index + 1) % 624] & 0x7fff_ffff)
                words[index] =
                    words[(index + 397) % 624] ^ (joined >> 1)
                    ^ (joined & 1 == 0 ? 0 : 0x9908_b0df)
            }
            position = 0
        }
        var word = words[position]
        position += 1
        word ^= word >> 11
        word ^= (word << 7) & 0x9d2c_5680
        word ^= (word << 15) & 0xefc6_0000
        return word ^ (word >> 18)
    }

    /// A uniform number from 0 to below 1, of 53 bits.
    mutating func uniform() -> Double {
        let high = Double(word() >> 5)
        let low = Double(word() >> 6)
        return (high * 0x1p26 + low) / 0x1p53
    }

    /// A standard normal number.
    mutating func normal() -> Double {
        if let normal = spareNormal {
            spareNormal = nil
            return normal
        }
        while true {
            let first = 2 * uniform() - 1
            let second = 2 * uniform() - 1
            let square = first * first + second * second
            guard square < 1, square > 0 else { continue }
            let factor = (-2 * log(square) / square).squareRoot()
            spareNormal = factor * first
            return factor * second
        }
    }

    /// `count` standard normal numbers.
    mutating func normals(_ count: Int) -> [Double] { (0..<count).map { _ in normal() } }

    /// A permutation of 0 ..< `count`.
    mutating func permutation(_ count: Int) -> [Int] {
        var order = Array(0..<count)
        for last in stride(from: count - 1, to: 0, by: -1) {
            let mask = UInt32.max >> UInt32(last).leadingZeroBitCount
            var chosen = Int(word() & mask)
            while chosen > last { chosen = Int(word() & mask) }
            order.swapAt(last, chosen)
        }
        return order
    }
}
