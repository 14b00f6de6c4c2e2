import SystemFiles

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
        do throws(SystemError) {
            try FileSystem.replaceFile(path, with: bytes, permissions: 0o666)
        } catch {
            throw .file(path: path, reason: "cannot be written: \(error.reason)")
        }
    }

    /// The content of a file, or nil if there is no file.
    ///
    /// - Throws: `TrainingError.file` when it is there but cannot be read.
    static func read(_ path: String) throws(TrainingError) -> [UInt8]? {
        guard FileSystem.status(of: path) != nil else { return nil }
        do throws(SystemError) {
            let file = try OpenFile(reading: path)
            let size = try file.status().sizeBytes
            return try file.rest(limitBytes: .max, expectedBytes: size)
        } catch {
            throw .file(path: path, reason: "cannot be read: \(error.reason)")
        }
    }
}
