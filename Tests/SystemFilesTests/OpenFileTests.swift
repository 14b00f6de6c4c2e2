import FoundationEssentials
import SystemFiles
import Testing

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// A folder that is gone after the test.
struct TemporaryFolder: ~Copyable {
    let path: String

    init() throws {
        let url = FileManager.default.temporaryDirectory
            .appending(path: "system-files-tests-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
        path = url.path
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    /// Writes a file into it.
    func file(_ name: String, _ bytes: [UInt8]) throws -> String {
        try Data(bytes).write(to: URL(filePath: "\(path)/\(name)"))
        return "\(path)/\(name)"
    }
}

@Suite struct OpenFileTests {
    private static let numbers = (0..<100_000).map { UInt8(truncatingIfNeeded: $0 * $0 >> 3) }

    @Test(arguments: [0, 1, 16_383, 16_384, 16_385, 100_000, 200_000])
    func `reading stops at the limit and at the end`(limit: Int) throws {
        let folder = try TemporaryFolder()
        let path = try folder.file("a", Self.numbers)
        for expected in [0, 1, 99_999, 100_000, 100_001] {
            let bytes = try OpenFile(reading: path).rest(
                limitBytes: limit,
                expectedBytes: expected
            )
            #expect(bytes == Array(Self.numbers.prefix(limit)), "expected \(expected)")
        }
    }

    @Test func `files of proc are read though they say that they are empty`() throws {
        #if os(Linux)
        let file = try OpenFile(reading: "/proc/self/status")
        #expect(try file.status().sizeBytes == 0)
        let text = String(decoding: try file.rest(limitBytes: 1 << 20), as: UTF8.self)
        #expect(text.contains("Pid:\t\(getpid())"), "\(text)")
        #endif
    }

    @Test func `any part can be read, and none beyond the end`() throws {
        let folder = try TemporaryFolder()
        let file = try OpenFile(reading: folder.file("a", Self.numbers))
        #expect(try file.bytes(at: 10, count: 20) == Array(Self.numbers[10..<30]))
        #expect(try file.bytes(at: 99_990, count: 20) == Array(Self.numbers[99_990...]))
        #expect(try file.bytes(at: 200_000, count: 20) == [])
        #expect(try file.bytes(at: 5, count: 0) == [])
    }

    @Test func `numbers fill the part of an array that was asked for`() throws {
        let folder = try TemporaryFolder()
        let written: [Float] = [1.5, -2, 3.25, .infinity, 1e-30]
        let file = try OpenFile(creating: "\(folder.path)/a", permissions: 0o600)
        try file.write(written.span)
        var values = [Float](repeating: 7, count: 6)
        #expect(try file.read(at: 4, into: &values, 2..<5))
        #expect(values == [7, 7, -2, 3.25, .infinity, 7])
        #expect(try !file.read(at: 4, into: &values, 0..<6))
    }

    @Test func `a link in a folder is not followed`() throws {
        let folder = try TemporaryFolder()
        let path = try folder.file("a", [1])
        let manager = FileManager.default
        try manager.createDirectory(
            atPath: "\(folder.path)/b",
            withIntermediateDirectories: false
        )
        try manager.createSymbolicLink(atPath: "\(folder.path)/c", withDestinationPath: path)
        try manager.createSymbolicLink(atPath: "\(folder.path)/d", withDestinationPath: "b")
        let open = try OpenFile(folder: folder.path)
        #expect(try open.opening("a", isFolder: false).status().kind == .regular)
        #expect(try open.opening("b", isFolder: true).status().kind == .folder)
        #expect(throws: SystemError(operation: "open the file", code: ELOOP)) {
            _ = try open.opening("c", isFolder: false)
        }
        #expect(throws: SystemError.self) { _ = try open.opening("d", isFolder: true) }
        #expect(throws: SystemError(operation: "open the file", code: ENOTDIR)) {
            _ = try open.opening("a", isFolder: true)
        }
    }

    @Test func `a file is made only where there is none`() throws {
        let folder = try TemporaryFolder()
        let path = try folder.file("a", [1])
        let expected = SystemError(operation: "create a file in \(folder.path)", code: EEXIST)
        #expect(throws: expected) { _ = try OpenFile(creating: path, permissions: 0o600) }
        #expect(expected.reason == "File exists")
    }

    @Test func `the identity changes with the content and with the file`() throws {
        let folder = try TemporaryFolder()
        let path = try folder.file("a", [1])
        let first = try #require(FileSystem.status(of: path))
        #expect(try OpenFile(reading: path).status() == first)
        try FileSystem.replaceFile(path, with: [2], permissions: 0o640)
        let second = try #require(FileSystem.status(of: path))
        #expect(second.identity != first.identity)
        #expect(second.permissions == 0o640)
        #expect(FileSystem.status(of: "\(folder.path)/none") == nil)
    }

    @Test func `a descriptor that is shared stays open for its owner`() throws {
        let folder = try TemporaryFolder()
        let path = try folder.file("a", [])
        let descriptor = unsafe open(path, O_WRONLY)
        defer { close(descriptor) }
        do {
            let file = OpenFile(sharing: descriptor)
            #expect(try file.writeSome([1, 2].span) == 2)
        }
        #expect(fcntl(descriptor, F_GETFD) >= 0)
        #expect(throws: SystemError(operation: "write the file", code: EBADF)) {
            _ = try OpenFile(sharing: -1).writeSome([1].span)
        }
        #expect(try OpenFile(reading: path).rest(limitBytes: 10) == [1, 2])
    }
}

@Suite struct FileReplacementTests {
    @Test func `what writers that were killed have left is removed, and nothing else`() throws {
        let folder = try TemporaryFolder()
        // No process has the largest number there is, and this one is running.
        for name in [
            "a.\(Int32.max)-5.partial", "a.\(Int32.max).partial", "a.\(getpid())-5.partial",
            "a.x.partial", "b.\(Int32.max).partial", "a.\(Int32.max)",
        ] {
            _ = try folder.file(name, [1])
        }
        try FileSystem.replaceFile("\(folder.path)/a", with: [2], permissions: 0o600)
        #expect(
            try FileSystem.names(in: folder.path)
                == [
                    "a", "a.\(Int32.max)", "a.\(getpid())-5.partial", "a.x.partial",
                    "b.\(Int32.max).partial",
                ].sorted()
        )
    }

    @Test func `readers are kept on demand, but for everybody`() throws {
        let folder = try TemporaryFolder()
        let path = try folder.file("a", [1])
        try #require(unsafe chmod(path, 0o664) == 0)
        try FileSystem.replaceFile(path, with: [2], permissions: 0o600, keepsReaders: true)
        #expect(FileSystem.status(of: path)?.permissions == 0o660)
        try FileSystem.replaceFile(path, with: [3], permissions: 0o600)
        #expect(FileSystem.status(of: path)?.permissions == 0o600)
    }

    @Test func `a folder in the way is named and leaves nothing behind`() throws {
        let folder = try TemporaryFolder()
        try FileSystem.createFolder("\(folder.path)/a")
        try FileSystem.createFolder("\(folder.path)/a")
        let error = SystemError(operation: "name the file", code: EISDIR)
        #expect(throws: error) {
            try FileSystem.replaceFile("\(folder.path)/a", with: [2], permissions: 0o600)
        }
        #expect(try FileSystem.names(in: folder.path) == ["a"])
    }

    @Test(arguments: [
        ("a", "."), ("a/b", "a"), ("/a", "/"), ("/a/b/", "/a"), ("/", "/"), ("", "."),
    ])
    func `every path lies in a folder`(path: String, parent: String) {
        #expect(FileSystem.parent(of: path) == parent)
    }
}
