import FoundationEssentials
import ModelStore
import Testing

@Suite struct ModelRepositoryTests {
    @Test func `good files are served and bad ones refused by name`() throws {
        let good = try Fixture.bytes("maf-v1")
        try Fixture.withFolder { folder in
            try Fixture.write(good, to: "\(folder)/flow/1/model.safetensors")
            try Fixture.write(good, to: "\(folder)/flow/10/model.safetensors")
            try Fixture.write(Fixture.bytes("mdn-v1"), to: "\(folder)/mixture/2/model.safetensors")
            try Fixture.write(Array(good.dropLast(3)), to: "\(folder)/flow/2/model.safetensors")
            try Fixture.write([], to: "\(folder)/empty/1/model.safetensors")
            try Fixture.write([1], to: "\(folder)/flow/3/other.bin")
            try Fixture.write(good, to: "\(folder)/flow/v4/model.safetensors")
            try Fixture.write(good, to: "\(folder)/flow/05/model.safetensors")
            try Fixture.write(good, to: "\(folder)/bad name/1/model.safetensors")
            try Fixture.write(good, to: "\(folder)/.hidden/1/model.safetensors")
            try Fixture.write([1], to: "\(folder)/README.md")
            let repository = try ModelRepository(scanning: folder)
            #expect(
                repository.models.map { "\($0.name)/\($0.version)" } == [
                    "flow/1", "flow/10", "mixture/2",
                ]
            )
            #expect(
                repository.refusals.map(\.path).sorted() == [
                    "bad name", "empty/1/model.safetensors", "flow/05", "flow/2/model.safetensors",
                    "flow/3/model.safetensors", "flow/v4",
                ]
            )
            let cut = try #require(
                repository.refusals.first { $0.path == "flow/2/model.safetensors" }
            )
            #expect(cut.reason.contains("truncated"))
        }
    }

    @Test func `links may stay inside the directory and not leave it`() throws {
        let good = try Fixture.bytes("mdn-v1")
        try Fixture.withFolder { outside in
            try Fixture.write(good, to: "\(outside)/secret/1/model.safetensors")
            try Fixture.withFolder { folder in
                let files = FileManager.default
                // The way Kubernetes mounts a volume: names point into a hidden folder.
                try Fixture.write(good, to: "\(folder)/..data/inner/1/model.safetensors")
                try files.createSymbolicLink(
                    atPath: "\(folder)/inside",
                    withDestinationPath: "..data/inner"
                )
                try files.createSymbolicLink(
                    atPath: "\(folder)/leaving",
                    withDestinationPath: "\(outside)/secret"
                )
                try files.createDirectory(
                    atPath: "\(folder)/file/1",
                    withIntermediateDirectories: true
                )
                try files.createSymbolicLink(
                    atPath: "\(folder)/file/1/model.safetensors",
                    withDestinationPath: "\(outside)/secret/1/model.safetensors"
                )
                let repository = try ModelRepository(scanning: folder)
                #expect(repository.models.map(\.name) == ["inside"])
                #expect(
                    repository.refusals.map(\.path).sorted() == [
                        "file/1/model.safetensors", "leaving",
                    ]
                )
                #expect(
                    repository.refusals.allSatisfy {
                        $0.reason == ModelFileError.outsideRepository.description
                    }
                )
            }
        }
    }

    @Test func `what is no regular file or too large is refused`() throws {
        try Fixture.withFolder { folder in
            try FileManager.default.createDirectory(
                atPath: "\(folder)/folder/1/model.safetensors",
                withIntermediateDirectories: true
            )
            try Fixture.write(Fixture.bytes("mdn-v1"), to: "\(folder)/large/1/model.safetensors")
            let repository = try ModelRepository(scanning: folder, fileLimitBytes: 100)
            #expect(repository.models.isEmpty)
            #expect(
                repository.refusals.map(\.description) == [
                    "folder/1/model.safetensors: not a regular file",
                    "large/1/model.safetensors: 2548 bytes, more than the limit of 100",
                ]
            )
        }
    }

    @Test func `a directory that is not there is an error`() {
        #expect(throws: ModelFileError.self) {
            try ModelRepository(scanning: "no such directory here")
        }
    }

    @Test func `an evaluation is kept, and a broken one refused alone`() throws {
        try Fixture.withFolder { folder in
            for version in 1...2 {
                try Fixture.write(
                    Fixture.bytes("mdn-v1"),
                    to: "\(folder)/m/\(version)/model.safetensors"
                )
            }
            try Fixture.write(
                Array(" {\"c2st\": 0.55}\n".utf8),
                to: "\(folder)/m/1/evaluation.json"
            )
            try Fixture.write(Array("{\"c2st\": NaN}".utf8), to: "\(folder)/m/2/evaluation.json")
            let repository = try ModelRepository(scanning: folder)
            #expect(repository.models.map(\.evaluation) == [Array("{\"c2st\": 0.55}".utf8), nil])
            #expect(repository.refusals.map(\.path) == ["m/2/evaluation.json"])
        }
    }

    @Test func `writing replaces a file whole and leaves nothing beside it`() throws {
        let file = try ModelFile(bytes: Fixture.bytes("maf-v1"))
        try Fixture.withFolder { folder in
            let directory = "\(folder)/flow/1"
            try ModelDirectory.create(directory)
            try ModelDirectory.create(directory)
            let path = "\(directory)/\(ModelFile.fileName)"
            try Fixture.write([1, 2, 3], to: path)
            try file.write(to: path)
            #expect(Array(try Data(contentsOf: URL(filePath: path))) == (try file.encoded()))
            #expect(
                try FileManager.default.contentsOfDirectory(atPath: directory) == [
                    ModelFile.fileName
                ]
            )
            #expect(try ModelFile(path: path).metadata == file.metadata)
        }
    }

    @Test func `a write that fails leaves the old file and nothing beside it`() throws {
        let file = try ModelFile(bytes: Fixture.bytes("maf-v1"))
        try Fixture.withFolder { folder in
            // A directory in the way: the last step, the renaming, fails.
            let path = "\(folder)/model.safetensors"
            try Fixture.write([1], to: "\(path)/inside")
            #expect(throws: ModelFileError.self) { try file.write(to: path) }
            #expect(
                try FileManager.default.contentsOfDirectory(atPath: folder) == ["model.safetensors"]
            )
            #expect(throws: ModelFileError.self) { try file.write(to: "\(folder)/missing/m") }
        }
    }

    @Test(arguments: ["a", "two_moons", "A.b-c_9", "0", String(repeating: "x", count: 128)])
    func `names that are allowed`(name: String) {
        #expect(ModelName.isValid(name))
    }

    @Test(arguments: [
        "", ".", "..", ".a", "-a", "_a", "a..b", "a/b", "a b", "é", "a\u{0}", "stats", "a%2F",
        String(repeating: "x", count: 129),
    ])
    func `names that are not allowed`(name: String) {
        #expect(!ModelName.isValid(name))
    }

    @Test(arguments: [("1", 1), ("42", 42), ("999999999", 999_999_999)])
    func `versions are positive integers`(text: String, version: Int) {
        #expect(ModelName.version(text) == version)
    }

    @Test(arguments: ["", "0", "01", "-1", "+1", "1.0", "v1", "1000000000", "١"])
    func `what is no version`(text: String) {
        #expect(ModelName.version(text) == nil)
    }
}
