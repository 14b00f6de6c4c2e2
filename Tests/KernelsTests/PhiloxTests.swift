import Kernels
import Testing

@Suite struct PhiloxTests {
    struct KnownAnswer: Sendable {
        let counter: SIMD4<UInt32>
        let key: SIMD2<UInt32>
        let block: SIMD4<UInt32>
    }

    // The file kat_vectors of Random123, philox4x32 with ten rounds.
    static let knownAnswers = [
        KnownAnswer(
            counter: SIMD4(0, 0, 0, 0),
            key: SIMD2(0, 0),
            block: SIMD4(0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8)
        ),
        KnownAnswer(
            counter: SIMD4(repeating: 0xffff_ffff),
            key: SIMD2(repeating: 0xffff_ffff),
            block: SIMD4(0x408f_276d, 0x41c8_3b0e, 0xa20b_c7c6, 0x6d54_51fd)
        ),
        KnownAnswer(
            counter: SIMD4(0x243f_6a88, 0x85a3_08d3, 0x1319_8a2e, 0x0370_7344),
            key: SIMD2(0xa409_3822, 0x299f_31d0),
            block: SIMD4(0xd16c_fe09, 0x94fd_cceb, 0x5001_e420, 0x2412_6ea1)
        ),
    ]

    @Test(arguments: knownAnswers)
    func `a block is the published answer`(answer: KnownAnswer) {
        #expect(Philox4x32.block(counter: answer.counter, key: answer.key) == answer.block)
    }

    @Test func `every bit of counter and key changes about half of the block`() {
        let base = Philox4x32.block(counter: SIMD4(1, 2, 3, 4), key: SIMD2(5, 6))
        for bit in 0..<192 {
            var counter = SIMD4<UInt32>(1, 2, 3, 4)
            var key = SIMD2<UInt32>(5, 6)
            if bit < 128 {
                counter[bit / 32] ^= 1 << UInt32(bit % 32)
            } else {
                key[bit / 32 - 4] ^= 1 << UInt32(bit % 32)
            }
            let changed = base ^ Philox4x32.block(counter: counter, key: key)
            let count = (0..<4).reduce(0) { $0 + changed[$1].nonzeroBitCount }
            // Binomial(128, ½) has standard deviation 5.7; six of them.
            #expect(abs(count - 64) < 34, "bit \(bit) changes \(count) bits")
        }
    }
}
