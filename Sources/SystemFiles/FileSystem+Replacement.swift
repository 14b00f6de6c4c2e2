#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

extension FileSystem {
    /// Writes a file whole or not at all: readers see the old one or the new one, also after a
    /// crash.
    ///
    /// The bytes go to a temporary file in the same folder, are flushed to the disk, and take the
    /// name in one step. Removes what writers that were killed have left there.
    ///
    /// - Parameters:
    ///   - path: Where it goes; the folder must exist.
    ///   - bytes: All it is to hold.
    ///   - permissions: The permission bits, as chmod takes them; the process's mask applies.
    ///   - keepsReaders: Whether owner, group and their permissions are those of the file that is
    ///     there, where the process may give them.
    /// - Throws: What kept it from being written.
    package static func replaceFile(
        _ path: String,
        with bytes: [UInt8],
        permissions: UInt32,
        keepsReaders: Bool = false
    ) throws(SystemError) {
        let folder = parent(of: path)
        removeLeftovers(of: path, in: folder)
        // The process id and a random word: two writers never share a temporary file.
        let word = String(UInt64.random(in: 0...UInt64.max), radix: 16)
        let temporary = "\(path).\(getpid())-\(word)\(partialSuffix)"
        do throws(SystemError) {
            let file = try OpenFile(creating: temporary, permissions: permissions)
            if keepsReaders, let old = status(of: path) { file.giveTo(ownersOf: old) }
            try write(bytes, to: file)
            try rename(temporary, to: path)
        } catch {
            remove(temporary)
            throw error
        }
        try flushFolder(folder)
    }

    /// How the name of a file that is being written ends.
    private static let partialSuffix = ".partial"

    private static func write(
        _ bytes: [UInt8],
        to file: consuming OpenFile
    ) throws(SystemError) {
        try file.write(bytes.span)
        try file.synchronize()
    }

    /// Removes the temporary files of writers that are no more; one that cannot be removed does no
    /// harm.
    private static func removeLeftovers(of path: String, in folder: String) {
        let start = "\(path.split(separator: "/").last ?? "")."
        let names = (try? names(in: folder)) ?? []
        for name in names where name.hasPrefix(start) && name.hasSuffix(partialSuffix) {
            let process = Int32(name.dropFirst(start.count).prefix { $0 != "-" && $0 != "." })
            guard let process, process > 0, kill(process, 0) != 0, errno == ESRCH else { continue }
            remove("\(folder)/\(name)")
        }
    }

    /// Makes a new name in a folder durable.
    private static func flushFolder(_ path: String) throws(SystemError) {
        do throws(SystemError) {
            try OpenFile(folder: path).synchronize()
        } catch  where error.code == EINVAL {
            // Some network file systems cannot flush a directory.
            return
        }
    }
}
