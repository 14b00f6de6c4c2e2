import FoundationEssentials
import ModelStore
import Testing

@Suite struct ModelFolderTests {
    private static func look(
        _ folder: inout ModelFolder,
        _ path: String,
        _ care: ModelFolder.Care
    ) throws -> [ModelRepository.Refusal] {
        folder.refresh(from: try ModelsDirectory(path: path), care: care)
    }

    @Test func `a file is read when it is the same at two looks`() throws {
        let good = try Fixture.bytes("mdn-v1")
        try Fixture.withFolder { path in
            var folder = ModelFolder(name: "m")
            try Fixture.write(Array(good.prefix(100)), to: "\(path)/m/1/model.safetensors")
            #expect(try Self.look(&folder, path, .settled).isEmpty)
            // Still being written: neither read nor refused.
            try Fixture.write(good, to: "\(path)/m/1/model.safetensors")
            #expect(try Self.look(&folder, path, .settled).isEmpty)
            #expect(folder.versions[1]?.model == nil)
            #expect(try Self.look(&folder, path, .settled).isEmpty)
            #expect(folder.versions[1]?.model != nil)
        }
    }

    @Test func `a bad file never displaces a good one`() throws {
        let good = try Fixture.bytes("mdn-v1")
        try Fixture.withFolder { path in
            let file = "\(path)/m/1/model.safetensors"
            var folder = ModelFolder(name: "m")
            try Fixture.write(good, to: file)
            _ = try Self.look(&folder, path, .none)
            try Fixture.write(Array(good.dropLast()), to: file)
            let refusals = try Self.look(&folder, path, .none)
            #expect(refusals.map(\.path) == ["m/1/model.safetensors"])
            #expect(folder.versions[1]?.model != nil)
            #expect(folder.versions[1]?.problem?.contains("truncated") == true)
            #expect(folder.versions[1]?.generation == 1)
            // Told once.
            #expect(try Self.look(&folder, path, .none).isEmpty)
            try Fixture.write(try Fixture.bytes("maf-v1"), to: file)
            _ = try Self.look(&folder, path, .none)
            #expect(folder.versions[1]?.generation == 2)
            #expect(folder.versions[1]?.problem == nil)
        }
    }

    @Test func `what is removed is given up at the second look, or at once when told so`() throws {
        try Fixture.withFolder { path in
            var folder = ModelFolder(name: "m")
            for version in 1...2 {
                try Fixture.write(
                    try Fixture.bytes("mdn-v1"),
                    to: "\(path)/m/\(version)/model.safetensors"
                )
            }
            _ = try Self.look(&folder, path, .none)
            try FileManager.default.removeItem(atPath: "\(path)/m/2")
            _ = try Self.look(&folder, path, .settled)
            #expect(folder.versions.keys.sorted() == [1, 2])
            _ = try Self.look(&folder, path, .settled)
            #expect(folder.versions.keys.sorted() == [1])
            try FileManager.default.removeItem(atPath: "\(path)/m")
            _ = try Self.look(&folder, path, .none)
            #expect(folder.isEmpty)
        }
    }

    @Test func `a file that is replaced by a link to nothing stays as it was`() throws {
        try Fixture.withFolder { path in
            let file = "\(path)/m/1/model.safetensors"
            var folder = ModelFolder(name: "m")
            try Fixture.write(try Fixture.bytes("mdn-v1"), to: file)
            _ = try Self.look(&folder, path, .none)
            try FileManager.default.removeItem(atPath: file)
            try FileManager.default.createSymbolicLink(
                atPath: file,
                withDestinationPath: "nowhere"
            )
            for _ in 0..<3 { _ = try Self.look(&folder, path, .settled) }
            #expect(folder.versions[1]?.generation == 1)
            #expect(folder.versions[1]?.problem?.contains("find the file") == true)
        }
    }

    @Test func `a file that is replaced by a link out of the directory stays as it was`() throws {
        let good = try Fixture.bytes("mdn-v1")
        try Fixture.withFolder { outside in
            try Fixture.write(good, to: "\(outside)/secret")
            try Fixture.withFolder { path in
                let file = "\(path)/m/1/model.safetensors"
                var folder = ModelFolder(name: "m")
                try Fixture.write(good, to: file)
                _ = try Self.look(&folder, path, .none)
                try FileManager.default.removeItem(atPath: file)
                try FileManager.default.createSymbolicLink(
                    atPath: file,
                    withDestinationPath: "\(outside)/secret"
                )
                let refusals = try Self.look(&folder, path, .none)
                #expect(refusals.map(\.reason) == [ModelFileError.outsideRepository.description])
                #expect(folder.versions[1]?.generation == 1)
            }
        }
    }
}
