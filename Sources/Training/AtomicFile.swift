import Foundation

#if canImport(Darwin)
import Darwin
#else
import Glibc
#endif

/// A file that is either the old one or the new one, whatever happens in between.
public enum AtomicFile {
    /// Writes bytes beside the file, forces them to the disk, and renames them into place.
    ///
    /// Removes what writers that were killed have left there.
    ///
    /// - Parameters:
    ///   - bytes: The new content.
    ///   - path: The file; its directory must exist.
    /// - Throws: `TrainingError.file` naming the path and the reason.
    public static func write(_ bytes: [UInt8], to path: String) throws(TrainingError) {
        let temporary = "\(path).\(ProcessInfo.processInfo.processIdentifier)\(partialSuffix)"
        removeLeftovers(of: path)
        do {
            try Data().write(to: URL(fileURLWithPath: temporary))
            let handle = try FileHandle(forWritingTo: URL(fileURLWithPath: temporary))
            try handle.write(contentsOf: Data(bytes))
            try handle.synchronize()
            try handle.close()
        } catch {
            try? FileManager.default.removeItem(atPath: temporary)
            throw .file(path: path, reason: "cannot be written: \(error.localizedDescription)")
        }
        // Foundation has no rename that replaces a file in one step on Linux.
        guard unsafe rename(temporary, path) == 0 else {
            let reason = unsafe String(cString: strerror(errno))
            try? FileManager.default.removeItem(atPath: temporary)
            throw .file(path: path, reason: "cannot be replaced: \(reason)")
        }
        let directory = URL(fileURLWithPath: path).deletingLastPathComponent()
        // Makes the new name durable; file systems that cannot are left to their own devices.
        try? FileHandle(forReadingFrom: directory).synchronize()
    }

    /// Removes what writers that were killed have left beside a file.
    ///
    /// A file that cannot be removed does no harm.
    private static func removeLeftovers(of path: String) {
        let url = URL(fileURLWithPath: path)
        let directory = url.deletingLastPathComponent().path
        let names = (try? FileManager.default.contentsOfDirectory(atPath: directory)) ?? []
        let prefix = "\(url.lastPathComponent)."
        for name in names where name.hasPrefix(prefix) && name.hasSuffix(partialSuffix) {
            let number = Int32(name.dropFirst(prefix.count).dropLast(partialSuffix.count))
            guard let number, number > 0, kill(number, 0) != 0, errno == ESRCH else { continue }
            try? FileManager.default.removeItem(atPath: "\(directory)/\(name)")
        }
    }

    /// How the name of a file that is being written ends.
    private static let partialSuffix = ".partial"

    /// The content of a file, or nil if there is no file.
    ///
    /// - Throws: `TrainingError.file` when it is there but cannot be read.
    static func read(_ path: String) throws(TrainingError) -> [UInt8]? {
        guard FileManager.default.fileExists(atPath: path) else { return nil }
        do {
            return [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))
        } catch {
            throw .file(path: path, reason: "cannot be read: \(error.localizedDescription)")
        }
    }
}
