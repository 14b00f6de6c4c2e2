#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// The few calls to the operating system that reading and writing models needs.
///
/// Every unsafe expression of this module is in this file: C takes paths and buffers as pointers.
enum Files {
    /// An entry of a directory.
    static func names(in directory: String) throws(ModelFileError) -> [String] {
        guard let stream = unsafe opendir(directory) else {
            throw failure("read the directory")
        }
        defer { unsafe closedir(stream) }
        var names: [String] = []
        while let entry = unsafe readdir(stream) {
            let name = unsafe withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                unsafe pointer.withMemoryRebound(
                    to: CChar.self,
                    capacity: MemoryLayout.size(ofValue: entry.pointee.d_name)
                ) { unsafe String(cString: $0) }
            }
            if name != "." && name != ".." {
                names.append(name)
            }
        }
        return names.sorted()
    }

    /// Whether the path leads to a directory, links followed.
    static func isDirectory(_ path: String) -> Bool {
        var status = stat()
        return unsafe stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
    }

    /// Whether the path leads to anything, links followed.
    static func exists(_ path: String) -> Bool { unsafe access(path, F_OK) == 0 }

    /// Whether there is anything at the path, be it a link that leads to nothing.
    static func isTaken(_ path: String) -> Bool {
        var status = stat()
        return unsafe lstat(path, &status) == 0
    }

    /// The absolute path with every link resolved.
    static func resolved(_ path: String) throws(ModelFileError) -> String {
        guard let buffer = unsafe realpath(path, nil) else {
            throw failure("find the file")
        }
        defer { unsafe free(buffer) }
        return unsafe String(cString: buffer)
    }

    /// The path below a directory, every link resolved, wherever it may point to within.
    ///
    /// - Parameters:
    ///   - path: Relative to `root`.
    ///   - root: A directory with every link resolved.
    /// - Returns: The absolute path.
    /// - Throws: `outsideRepository` when it leads out of the directory.
    static func resolved(_ path: String, below root: String) throws(ModelFileError) -> String {
        let resolved = try resolved("\(root)/\(path)")
        let prefix = root == "/" ? root : root + "/"
        guard resolved.utf8.starts(with: prefix.utf8) else { throw .outsideRepository }
        return resolved
    }

    /// What tells a regular file below a directory from others.
    static func stamp(_ path: String, below root: String) throws(ModelFileError) -> FileStamp {
        let descriptor = try open(path, below: root)
        defer { close(descriptor) }
        var status = stat()
        guard unsafe fstat(descriptor, &status) == 0 else { throw failure("examine the file") }
        guard status.st_mode & S_IFMT == S_IFREG else { throw .notARegularFile }
        #if canImport(Darwin)
        let (modified, changed) = (status.st_mtimespec, status.st_ctimespec)
        #else
        let (modified, changed) = (status.st_mtim, status.st_ctim)
        #endif
        return FileStamp(
            device: UInt64(truncatingIfNeeded: status.st_dev),
            number: UInt64(truncatingIfNeeded: status.st_ino),
            sizeBytes: Int64(status.st_size),
            modified: Int64(modified.tv_sec) &* 1_000_000_000 &+ Int64(modified.tv_nsec),
            changed: Int64(changed.tv_sec) &* 1_000_000_000 &+ Int64(changed.tv_nsec)
        )
    }

    /// Reads a regular file below a directory.
    static func read(
        _ path: String,
        below root: String,
        limitBytes: Int
    ) throws(ModelFileError) -> [UInt8] {
        let descriptor = try open(path, below: root)
        defer { close(descriptor) }
        return try read(descriptor, limitBytes: limitBytes)
    }

    /// Opens what a path below a directory leads to.
    ///
    /// Its links are resolved first, and the result is walked from the directory on without
    /// following any: a link that takes the place of a folder meanwhile leads nowhere.
    private static func open(_ path: String, below root: String) throws(ModelFileError) -> Int32 {
        let target = try resolved(path, below: root)
        var descriptor = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw failure("open the directory") }
        let parts = target.utf8.dropFirst(root.utf8.count).split(separator: UInt8(ascii: "/"))
        for (index, part) in parts.enumerated() {
            let kind = index == parts.count - 1 ? O_NONBLOCK : O_DIRECTORY
            let name = String(Substring(part))
            let next = unsafe openat(descriptor, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | kind)
            let error = next < 0 ? failure("open the file") : nil
            close(descriptor)
            if let error { throw error }
            descriptor = next
        }
        return descriptor
    }

    private static func open(_ path: String, _ flags: Int32, _ mode: mode_t = 0) -> Int32 {
        #if canImport(Glibc)
        unsafe Glibc.open(path, flags, mode)
        #elseif canImport(Musl)
        unsafe Musl.open(path, flags, mode)
        #else
        unsafe Darwin.open(path, flags, mode)
        #endif
    }

    /// Reads a regular file.
    ///
    /// The size is asked of the open file, and a file that grows meanwhile is cut at that size,
    /// so no more than `limitBytes` are ever held.
    static func read(_ path: String, limitBytes: Int) throws(ModelFileError) -> [UInt8] {
        // Without O_NONBLOCK, opening a named pipe would wait for a writer.
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { throw failure("open the file") }
        defer { close(descriptor) }
        return try read(descriptor, limitBytes: limitBytes)
    }

    private static func read(
        _ descriptor: Int32,
        limitBytes: Int
    ) throws(ModelFileError) -> [UInt8] {
        var status = stat()
        guard unsafe fstat(descriptor, &status) == 0 else { throw failure("examine the file") }
        guard status.st_mode & S_IFMT == S_IFREG else { throw .notARegularFile }
        let size = Int(status.st_size)
        guard size <= limitBytes else { throw .tooLarge(bytes: size, limit: limitBytes) }
        var bytes = [UInt8](repeating: 0, count: size)
        var filled = 0
        while filled < size {
            let count = unsafe bytes.withUnsafeMutableBytes { buffer in
                unsafe Self.read(
                    descriptor,
                    UnsafeMutableRawBufferPointer(rebasing: buffer[filled...])
                )
            }
            if count < 0 && errno == EINTR {
                continue
            }
            guard count >= 0 else { throw failure("read the file") }
            guard count > 0 else { break }
            filled += count
        }
        bytes.removeLast(size - filled)
        return bytes
    }

    /// Writes a file whole or not at all, flushed to the disk before it takes its name.
    ///
    /// Removes what writers that were killed have left there.
    static func writeAtomically(_ bytes: [UInt8], to path: String) throws(ModelFileError) {
        let directory = parent(of: path)
        removeLeftovers(of: path, in: directory)
        // The process id and a random word: two writers never share a temporary file.
        let word = String(UInt64.random(in: 0...UInt64.max), radix: 16)
        let temporary = "\(path).\(getpid())-\(word).partial"
        let descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw failure("create a file in \(directory)") }
        do throws(ModelFileError) {
            defer { close(descriptor) }
            try write(bytes, to: descriptor)
            guard fsync(descriptor) == 0 else { throw failure("flush the file to the disk") }
        } catch {
            _ = unsafe unlink(temporary)
            throw error
        }
        guard unsafe rename(temporary, path) == 0 else {
            let error = failure("name the file")
            _ = unsafe unlink(temporary)
            throw error
        }
        try flushDirectory(directory)
    }

    /// Removes the temporary files of writers that are no more; one that cannot be removed does no
    /// harm.
    private static func removeLeftovers(of path: String, in directory: String) {
        let start = "\(path.split(separator: "/").last ?? "")."
        let names = (try? names(in: directory)) ?? []
        for name in names where name.hasPrefix(start) && name.hasSuffix(".partial") {
            let process = Int32(name.dropFirst(start.count).prefix { $0 != "-" })
            guard let process, process > 0, kill(process, 0) != 0, errno == ESRCH else { continue }
            _ = unsafe unlink("\(directory)/\(name)")
        }
    }

    /// Makes a directory and those above it that are not there yet.
    static func createDirectories(_ path: String) throws(ModelFileError) {
        guard !path.isEmpty, !isDirectory(path) else { return }
        let parent = parent(of: path)
        if parent != path {
            try createDirectories(parent)
        }
        guard unsafe mkdir(path, 0o755) == 0 || errno == EEXIST else {
            throw failure("create the directory \(path)")
        }
    }

    /// The directory a path lies in.
    static func parent(of path: String) -> String {
        var parts = path.split(separator: "/", omittingEmptySubsequences: true)
        let isAbsolute = path.utf8.first == UInt8(ascii: "/")
        guard !parts.isEmpty else { return isAbsolute ? "/" : "." }
        parts.removeLast()
        guard !parts.isEmpty else { return isAbsolute ? "/" : "." }
        return (isAbsolute ? "/" : "") + parts.joined(separator: "/")
    }

    private static func read(_ descriptor: Int32, _ buffer: UnsafeMutableRawBufferPointer) -> Int {
        #if canImport(Glibc)
        unsafe Glibc.read(descriptor, buffer.baseAddress, buffer.count)
        #elseif canImport(Musl)
        unsafe Musl.read(descriptor, buffer.baseAddress, buffer.count)
        #else
        unsafe Darwin.read(descriptor, buffer.baseAddress, buffer.count)
        #endif
    }

    private static func write(_ bytes: [UInt8], to descriptor: Int32) throws(ModelFileError) {
        var written = 0
        while written < bytes.count {
            let count = unsafe bytes.withUnsafeBytes { buffer in
                let rest = unsafe UnsafeRawBufferPointer(rebasing: buffer[written...])
                #if canImport(Glibc)
                return unsafe Glibc.write(descriptor, rest.baseAddress, rest.count)
                #elseif canImport(Musl)
                return unsafe Musl.write(descriptor, rest.baseAddress, rest.count)
                #else
                return unsafe Darwin.write(descriptor, rest.baseAddress, rest.count)
                #endif
            }
            if count < 0 && errno == EINTR {
                continue
            }
            guard count > 0 else { throw failure("write the file") }
            written += count
        }
    }

    private static func flushDirectory(_ path: String) throws(ModelFileError) {
        let descriptor = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw failure("open the directory") }
        defer { close(descriptor) }
        // Some network file systems cannot flush a directory and say EINVAL.
        guard fsync(descriptor) == 0 || errno == EINVAL else {
            throw failure("flush the directory to the disk")
        }
    }

    private static func failure(_ operation: String) -> ModelFileError {
        let code = errno
        let reason = unsafe strerror(code).map { unsafe String(cString: $0) }
        return .system(operation: operation, reason: reason ?? "error \(code)")
    }
}
