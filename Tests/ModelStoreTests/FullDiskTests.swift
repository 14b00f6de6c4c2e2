import FoundationEssentials
import ModelStore
import Testing

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

@Suite struct FullDiskTests {
    @Test func `a full disk keeps the old model and leaves nothing half-written`() async throws {
        let folder = FileManager.default.temporaryDirectory
            .appending(path: "full-disk-tests-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: folder) }
        let path = folder.path() + "/" + ModelFile.fileName
        let old = try Fixture.bytes("maf-v1")
        try Fixture.write(old, to: path)
        // What a writer that was killed has left; no process has the largest number there is.
        try Fixture.write([1], to: "\(path).\(Int32.max)-5.partial")
        // A process whose files may hold 1000 bytes stands for a disk that has no more.
        await #expect(processExitsWith: .success) { [path = path as String] in
            signal(SIGXFSZ, SIG_IGN)
            var limit = rlimit(rlim_cur: 1000, rlim_max: 1000)
            #if canImport(Glibc)
            let resource = __rlimit_resource_t(RLIMIT_FSIZE.rawValue)
            #else
            let resource = RLIMIT_FSIZE
            #endif
            try #require(unsafe setrlimit(resource, &limit) == 0)
            let file = try ModelFile(bytes: Fixture.bytes("mdn-v1"))
            let error = try #require(throws: ModelFileError.self) { try file.write(to: path) }
            guard case .system(let operation, _) = error, operation == "write the file" else {
                throw error
            }
        }
        #expect(try Array(Data(contentsOf: URL(filePath: path))) == old)
        let names = try FileManager.default.contentsOfDirectory(atPath: folder.path())
        #expect(names == [ModelFile.fileName])
    }
}
