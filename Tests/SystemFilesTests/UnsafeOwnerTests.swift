import FoundationEssentials
import Testing

/// Where code may do what the language does not check, by deploy/THREAT_MODEL.md.
///
/// Every target has strict memory safety, under which nothing unsafe compiles without saying so;
/// this test says where it may be said.
@Suite struct UnsafeOwnerTests {
    private static let root = URL(filePath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    /// The files and folders of the table of owners.
    private static func owners() throws -> [String] {
        let text = String(
            decoding: try Data(contentsOf: root.appending(path: "deploy/THREAT_MODEL.md")),
            as: UTF8.self
        )
        return text.split(separator: "\n")
            .filter { $0.hasPrefix("| `Sources/") }
            .flatMap { $0.split(separator: "|")[0].split(separator: "`") }
            .filter { $0.hasPrefix("Sources/") }
            .map(String.init)
    }

    /// The Swift files below Sources, by their paths.
    private static func files() throws -> [(path: String, text: String)] {
        let names = try FileManager.default
            .subpathsOfDirectory(atPath: root.appending(path: "Sources").path)
        return try names.filter { $0.hasSuffix(".swift") }.map { name in
            let data = try Data(contentsOf: root.appending(path: "Sources/\(name)"))
            return ("Sources/\(name)", String(decoding: data, as: UTF8.self))
        }
    }

    /// The lines of code, without comments, that hold any of some words.
    private static func lines(of text: String, with words: [String]) -> [String] {
        text.split(separator: "\n").compactMap { line in
            let comment = line.firstRange(of: "//")?.lowerBound ?? line.endIndex
            let code = line[..<comment].lowercased()
            return words.contains { code.contains($0) } ? String(line) : nil
        }
    }

    @Test func `unsafe code is in the files of its owners alone`() throws {
        let owners = try Self.owners()
        var found: Set<String> = []
        for (path, text) in try Self.files() {
            // Covers the keyword, Unsafe…Pointer, withUnsafe…, unsafeBitCast, nonisolated(unsafe).
            let lines = Self.lines(of: text, with: ["unsafe", "unmanaged", "opaquepointer"])
            let owner = owners.first { path == $0 || path.hasPrefix("\($0)/") }
            if let owner, !lines.isEmpty { found.insert(owner) }
            #expect(owner != nil || lines.isEmpty, "\(path): \(lines)")
        }
        #expect(found == Set(owners), "owners that own nothing unsafe")
    }

    @Test func `no checks are switched off anywhere`() throws {
        let files = try Self.files()
        #expect(files.count > 100)
        for (path, text) in files {
            let words = ["@unchecked", "try!", "as!"]
            #expect(Self.lines(of: text, with: words) == [], "\(path)")
        }
    }

    @Test func `every target has strict memory safety`() throws {
        let manifest = String(
            decoding: try Data(contentsOf: Self.root.appending(path: "Package.swift")),
            as: UTF8.self
        )
        #expect(manifest.contains(".strictMemorySafety(),"))
        #expect(manifest.contains(".treatAllWarnings(as: .error),"))
    }
}
