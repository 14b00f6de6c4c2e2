/// The hash FNV-1a of 64 bits, taken over 32-bit words: it finds accidents, not forgeries.
///
/// *Reference*: Fowler, Noll, Vo, Eastlake (2024), The FNV Non-Cryptographic Hash Algorithm,
/// RFC 9923.
struct FowlerNollVo {
    /// The hash of the words so far.
    private(set) var value: UInt64 = 0xcbf2_9ce4_8422_2325

    /// Takes in a word.
    mutating func combine(_ word: UInt32) {
        value = (value ^ UInt64(word)) &* 0x0000_0100_0000_01b3
    }

    /// Takes in the patterns of numbers.
    mutating func combine(_ values: [Float]) {
        for value in values { combine(value.bitPattern) }
    }

    /// Takes in bytes, one a word.
    mutating func combine(bytes: some Sequence<UInt8>) {
        for byte in bytes { combine(UInt32(byte)) }
    }
}
