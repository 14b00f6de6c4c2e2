#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// What is done to files and folders by their paths.
package enum FileSystem {
    /// The names of the entries of a folder, sorted.
    package static func names(in folder: String) throws(SystemError) -> [String] {
        guard let stream = unsafe opendir(folder) else { throw failure("read the directory") }
        defer { unsafe closedir(stream) }
        var names: [String] = []
        while let entry = unsafe readdir(stream) {
            let name = unsafe withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                unsafe pointer.withMemoryRebound(
                    to: CChar.self,
                    capacity: MemoryLayout.size(ofValue: entry.pointee.d_name)
                ) { unsafe String(cString: $0) }
            }
            if name != "." && name != ".." { names.append(name) }
        }
        return names.sorted()
    }

    /// What a path leads to; nil where it leads to nothing.
    ///
    /// - Parameters:
    ///   - path: Where to look.
    ///   - followsLinks: Whether a link stands for what it leads to, rather than for itself.
    /// - Returns: What the system says of it.
    package static func status(of path: String, followsLinks: Bool = true) -> FileStatus? {
        var status = stat()
        let result = unsafe followsLinks ? stat(path, &status) : lstat(path, &status)
        return result == 0 ? FileStatus(status) : nil
    }

    /// The absolute path with every link resolved.
    package static func resolved(_ path: String) throws(SystemError) -> String {
        guard let buffer = unsafe realpath(path, nil) else { throw failure("find the file") }
        defer { unsafe free(buffer) }
        return unsafe String(cString: buffer)
    }

    /// Makes a folder in one that is there, unless there is something already.
    package static func createFolder(_ path: String) throws(SystemError) {
        guard unsafe mkdir(path, 0o755) == 0 || errno == EEXIST else {
            throw failure("create the directory \(path)")
        }
    }

    /// Gives a file another name, in place of the file that had it.
    package static func rename(_ path: String, to name: String) throws(SystemError) {
        guard move(path, name) == 0 else { throw failure("name the file") }
    }

    /// Removes a file; one that cannot be removed stays.
    package static func remove(_ path: String) { _ = unsafe unlink(path) }

    /// The folder a path lies in.
    package static func parent(of path: String) -> String {
        var parts = path.split(separator: "/", omittingEmptySubsequences: true)
        let isAbsolute = path.utf8.first == UInt8(ascii: "/")
        guard !parts.isEmpty else { return isAbsolute ? "/" : "." }
        parts.removeLast()
        guard !parts.isEmpty else { return isAbsolute ? "/" : "." }
        return (isAbsolute ? "/" : "") + parts.joined(separator: "/")
    }
}

/// rename(2), where a method of that name hides it.
private func move(_ old: String, _ new: String) -> Int32 { unsafe rename(old, new) }

/// The text of an error number.
public func errorText(_ code: Int32) -> String {
    var characters = [CChar](repeating: 0, count: 128)
    guard unsafe strerror_r(code, &characters, characters.count) == 0 else { return "\(code)" }
    let bytes = characters.prefix { $0 != 0 }.map(UInt8.init(bitPattern:))
    return bytes.isEmpty ? "error \(code)" : String(decoding: bytes, as: UTF8.self)
}
