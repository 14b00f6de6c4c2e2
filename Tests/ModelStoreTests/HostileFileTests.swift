import Estimators
import ModelStore
import TestSupport
import Testing

@Suite struct HostileFileTests {
    @Test(arguments: HostileFile.all)
    func `hostile files are refused with the reason`(file: HostileFile) throws {
        let bytes = file.spoil(Archive(try Fixture.bytes("maf-v1")))
        let error = #expect(throws: ModelFileError.self) { try ModelFile(bytes: bytes) }
        let reason = error?.description ?? "accepted"
        #expect(reason.contains(file.reason), "\(reason)")
    }

    @Test func `a file cut anywhere is refused`() throws {
        let bytes = try Fixture.bytes("mdn-v1")
        for length in 0..<bytes.count {
            #expect(throws: ModelFileError.self) { try ModelFile(bytes: Array(bytes[..<length])) }
        }
    }

    @Test func `tensors that do not belong are refused by name`() throws {
        var archive = Archive(try Fixture.bytes("maf-v1"))
        let end = archive.data.count
        archive = archive.replacing(
            "{\"__metadata__\"",
            with:
                "{\"payload\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[\(end),\(end + 4)]},"
                + "\"__metadata__\""
        )
        archive.data += [0, 0, 0, 0]
        #expect(throws: ModelFileError.invalidEstimator(.unexpectedTensor(name: "payload"))) {
            try ModelFile(bytes: archive.bytes)
        }
    }

    @Test func `fields of the record that are not known yet are skipped`() throws {
        let archive = Archive(try Fixture.bytes("maf-v1")).replacing(
            "\\\"data_scale\\\"",
            with: "\\\"later\\\":{\\\"a\\\":[1]},\\\"data_scale\\\""
        )
        #expect(try ModelFile(bytes: archive.bytes).metadata.dataScale == 1.25)
    }

    /// Bits flipped, bytes changed, parts cut, doubled or swapped: refused or read, never a trap.
    @Test(arguments: ["maf-v1", "imported-v2"])
    func `mutated files never trap`(name: String) throws {
        var random = SeededGenerator(seed: 31)
        let original = try Fixture.bytes(name)
        let headerEnd = original.count - Archive(original).data.count
        var accepted = 0
        for round in 0..<160_000 {
            var bytes = original
            for _ in 0..<Int.random(in: 1...3, using: &random) {
                mutate(&bytes, headerEnd: headerEnd, &random)
            }
            // Building an estimator costs a hundred times as much as checking a layout.
            if round % 50 == 0 {
                _ = try? ModelFile(bytes: bytes)
            }
            guard let reader = try? SafetensorsReader(bytes) else { continue }
            accepted += 1
            for name in reader.names {
                _ = try? reader.tensor(named: name)
            }
            if let text = reader.metadata["posterior"] {
                _ = try? MetadataDocument(parsing: Array(text.utf8))
            }
        }
        // Some mutations leave a good layout; else only the first checks were tried.
        #expect(accepted > 10_000)
    }

    @Test(arguments: ["maf-v1", "imported-v2"])
    func `mutated metadata never trap`(name: String) throws {
        var random = SeededGenerator(seed: 32)
        let file = try ModelFile(bytes: Fixture.bytes(name))
        let original = file.metadataJSON()
        var accepted = 0
        for _ in 0..<160_000 {
            var text = original
            for _ in 0..<Int.random(in: 1...3, using: &random) {
                mutate(&text, headerEnd: 0, &random)
            }
            if (try? MetadataDocument(parsing: text)) != nil {
                accepted += 1
            }
        }
        #expect(accepted > 5_000)
    }

    private func mutate(
        _ bytes: inout [UInt8],
        headerEnd: Int,
        _ random: inout SeededGenerator
    ) {
        // Three in four in the header, where the structure is.
        let isInHeader = headerEnd > 0 && Int.random(in: 0..<4, using: &random) > 0
        let limit = isInHeader ? headerEnd : bytes.count
        let place = Int.random(in: 0..<min(limit, bytes.count), using: &random)
        let alphabet = Array("0123456789[]{},:\"-.eE\\".utf8)
        switch Int.random(in: 0..<6, using: &random) {
        case 0: bytes[place] ^= 1 << UInt8.random(in: 0..<8, using: &random)
        case 1: bytes[place] = UInt8.random(in: 0...255, using: &random)
        case 2: bytes[place] = alphabet.randomElement(using: &random) ?? 0
        case 3: bytes.swapAt(place, Int.random(in: 0..<bytes.count, using: &random))
        case 4:
            bytes.remove(at: place)
            // The stated length follows, so that the header is still read to its end.
            bytes[0] &-= place >= 8 && place < headerEnd ? 1 : 0
        default:
            bytes.insert(alphabet.randomElement(using: &random) ?? 0, at: place)
            bytes[0] &+= place >= 8 && place < headerEnd ? 1 : 0
        }
    }
}
