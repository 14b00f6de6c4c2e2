import NumericArrays
import TestSupport
import Testing

/// The bytes are those of `numpy.save`, NumPy 2.
@Suite struct NumericArrayTests {
    static func npy(
        _ descr: String,
        fortran: Bool = false,
        _ shape: String,
        _ data: [UInt8]
    ) -> [UInt8] {
        let text =
            "{'descr': '\(descr)', 'fortran_order': \(fortran ? "True" : "False"), 'shape': \(shape), }"
        let padded = text + String(repeating: " ", count: (118 - 1 - text.utf8.count) % 64) + "\n"
        let length = padded.utf8.count
        return [0x93] + Array("NUMPY".utf8) + [1, 0, UInt8(length & 255), UInt8(length >> 8)]
            + Array(padded.utf8) + data
    }

    @Test(arguments: [
        ("<f4", [0, 0, 0x80, 0x3F, 0, 0, 0, 0xC0] as [UInt8]),
        (">f4", [0x3F, 0x80, 0, 0, 0xC0, 0, 0, 0]),
        ("<f8", [0, 0, 0, 0, 0, 0, 0xF0, 0x3F, 0, 0, 0, 0, 0, 0, 0, 0xC0]),
        (">i2", [0, 1, 0xFF, 0xFE]),
        ("<i8", [1, 0, 0, 0, 0, 0, 0, 0] + [0xFE] + [UInt8](repeating: 0xFF, count: 7)),
        ("|i1", [1, 0xFE]), ("<f2", [0, 0x3C, 0, 0xC0]),
    ])
    func `one and minus two in every type and byte order`(type: String, data: [UInt8]) throws {
        let array = try NumericArray(npy: Self.npy(type, "(2,)", data), mostNumbers: 2)
        #expect(array == NumericArray(shape: [2], values: [1, -2]))
    }

    @Test func `Fortran order is turned round`() throws {
        // numpy.arange(6).reshape(1, 2, 3) in Fortran order.
        let data: [UInt8] = [0, 3, 1, 4, 2, 5]
        let array = try NumericArray(
            npy: Self.npy("|u1", fortran: true, "(1, 2, 3)", data),
            mostNumbers: 6
        )
        #expect(array == NumericArray(shape: [1, 2, 3], values: [0, 1, 2, 3, 4, 5]))
    }

    @Test func `a header that is written is read back`() throws {
        var bytes = ArrayHeader.encoded(shape: [2, 1, 3])
        #expect(bytes.count % 64 == 0)
        bytes.append(littleEndian: [1, 2, 3, 4, 5, 6])
        let array = try NumericArray(npy: bytes, mostNumbers: 6)
        #expect(array == NumericArray(shape: [2, 1, 3], values: [1, 2, 3, 4, 5, 6]))
    }

    @Test(arguments: [
        npy("<f4", "(2,)", [0, 0, 0, 0]), npy("<f4", "(1,)", [0, 0, 0, 0, 0]),
        npy("|O", "(1,)", [0]), npy("<f4", "(-1,)", []), npy("<f4", "(4611686018427387904, 4)", []),
        npy("<c8", "(1,)", [UInt8](repeating: 0, count: 8)),
        npy("<f4", "(3,)", [UInt8](repeating: 0, count: 12)),
        [], [0x93], Array("PK\u{3}\u{4}".utf8),
    ])
    func `what is no such array is refused`(bytes: [UInt8]) {
        #expect(throws: FormatProblem.self) { try NumericArray(npy: bytes, mostNumbers: 2) }
    }

    @Test func `mutated arrays are read or refused, never a trap`() {
        var random = SeededGenerator(seed: 51)
        let seeds = [
            Self.npy("<f4", "(2, 2)", [UInt8](repeating: 1, count: 16)),
            Self.npy(">i2", fortran: true, "(1, 2, 3)", [UInt8](repeating: 2, count: 12)),
            Self.npy("<f8", "()", [UInt8](repeating: 3, count: 8)),
        ]
        var read = 0
        for _ in 0..<200_000 {
            var bytes = seeds.randomElement(using: &random) ?? []
            for _ in 0..<Int.random(in: 0...4, using: &random) where !bytes.isEmpty {
                let place = Int.random(in: 0..<bytes.count, using: &random)
                switch Int.random(in: 0..<4, using: &random) {
                case 0: bytes[place] = UInt8.random(in: 0...255, using: &random)
                case 1: bytes.remove(at: place)
                case 2:
                    bytes.insert(
                        Array("0123456789(),L'<>".utf8).randomElement(using: &random) ?? 0,
                        at: place
                    )
                default: bytes.removeLast(bytes.count - place)
                }
            }
            if (try? NumericArray(npy: bytes, mostNumbers: 100)) != nil { read += 1 }
        }
        #expect(read > 10_000)
    }
}
