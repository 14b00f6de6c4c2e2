import Estimators
import FoundationEssentials
import ModelStore

/// The golden files beside this one, and folders to write into.
enum Fixture {
    static func bytes(_ name: String) throws -> [UInt8] {
        let folder = URL(filePath: #filePath).deletingLastPathComponent()
        return Array(try Data(contentsOf: folder.appending(path: "Fixtures/\(name).safetensors")))
    }

    /// Runs a test in an empty folder that is removed afterwards.
    static func withFolder<Value>(_ body: (String) throws -> Value) throws -> Value {
        let folder = FileManager.default.temporaryDirectory
            .appending(path: "model-store-tests-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        return try body(folder.path())
    }

    static func write(_ bytes: [UInt8], to path: String) throws {
        let url = URL(filePath: path)
        try FileManager.default.createDirectory(
            at: url.deletingLastPathComponent(),
            withIntermediateDirectories: true
        )
        try Data(bytes).write(to: url)
    }
}

/// A safetensors file taken apart, so that one part can be spoilt.
struct Archive {
    var header: String
    var data: [UInt8]
    /// What the first eight bytes say; the true length when nil.
    var statedLength: UInt64?

    init(header: String, data: [UInt8]) {
        self.header = header
        self.data = data
    }

    init(_ bytes: [UInt8]) {
        let length = bytes[..<8].reversed().reduce(0) { $0 << 8 | Int($1) }
        header = String(decoding: bytes[8..<8 + length], as: UTF8.self)
        data = Array(bytes[(8 + length)...])
    }

    var bytes: [UInt8] {
        let length = statedLength ?? UInt64(header.utf8.count)
        return (0..<8).map { UInt8(truncatingIfNeeded: length >> UInt64(8 * $0)) }
            + Array(header.utf8) + data
    }

    /// Replaces text in the header that must be there.
    func replacing(_ old: String, with new: String) -> Archive {
        precondition(header.contains(old), "the header does not hold \(old)")
        var copy = self
        copy.header = header.replacing(old, with: new)
        return copy
    }
}
