/// The counter-based generator Philox 4×32 with ten rounds.
///
/// A block of four 32-bit words is a bijection of the counter, chosen by the key. Blocks have no
/// state in common, so any of them can be computed anywhere, in any order.
///
/// *Reference*: Salmon, Moraes, Dror, Shaw (2011), Parallel Random Numbers: As Easy as 1, 2, 3,
/// SC '11, doi:10.1145/2063384.2063405.
public struct Philox4x32: Sendable {
    /// Multipliers of the two halves of the counter.
    static let multipliers: (UInt32, UInt32) = (0xD251_1F53, 0xCD9E_8D57)
    /// Weyl increments of the two halves of the key: the golden ratio, and √3 − 1.
    static let keyIncrements: (UInt32, UInt32) = (0x9E37_79B9, 0xBB67_AE85)
    /// Rounds of a block.
    static let rounds = 10

    /// The four random words of one counter under one key.
    public static func block(counter: SIMD4<UInt32>, key: SIMD2<UInt32>) -> SIMD4<UInt32> {
        var word0 = counter[0]
        var word1 = counter[1]
        var word2 = counter[2]
        var word3 = counter[3]
        var key0 = key[0]
        var key1 = key[1]
        for _ in 0..<rounds {
            let product0 = multipliers.0.multipliedFullWidth(by: word0)
            let product1 = multipliers.1.multipliedFullWidth(by: word2)
            word0 = product1.high ^ word1 ^ key0
            word1 = product1.low
            word2 = product0.high ^ word3 ^ key1
            word3 = product0.low
            key0 &+= keyIncrements.0
            key1 &+= keyIncrements.1
        }
        return SIMD4(word0, word1, word2, word3)
    }
}
