import Glibc

/// A file that is read whole, of a size that is looked at first.
public enum SmallFile {
    /// Why a file was not read.
    public enum Failure: Error, Sendable, Equatable, CustomStringConvertible {
        /// A system call failed.
        case system(action: String, reason: String)
        /// It is a folder, a pipe or a device.
        case notARegularFile
        /// It is longer than the limit.
        case tooLarge(limitBytes: Int)

        /// What went wrong, without the name of the file.
        public var description: String {
            switch self {
            case .system(let action, let reason): "cannot \(action): \(reason)"
            case .notARegularFile: "is not a regular file"
            case .tooLarge(let limit): "is longer than \(limit) bytes"
            }
        }
    }

    /// What tells one state of a file from the next without reading it.
    public struct Identity: Sendable, Equatable {
        var device: UInt64
        var inode: UInt64
        var bytes: Int64
        var seconds: Int
        var nanoseconds: Int
    }

    /// What a file holds and who may read it.
    public struct Contents: Sendable {
        /// All its bytes.
        public let bytes: [UInt8]
        /// The permission bits, as chmod takes them.
        public let permissions: UInt32
    }

    /// Which state a file is in; nil when there is none.
    public static func identity(of path: String) -> Identity? {
        var status = stat()
        guard unsafe stat(path, &status) == 0 else { return nil }
        return Identity(
            device: UInt64(status.st_dev),
            inode: UInt64(status.st_ino),
            bytes: Int64(status.st_size),
            seconds: status.st_mtim.tv_sec,
            nanoseconds: status.st_mtim.tv_nsec
        )
    }

    /// Reads a regular file.
    ///
    /// - Parameters:
    ///   - path: Where it is.
    ///   - limitBytes: The longest that is read.
    /// - Returns: What it holds.
    /// - Throws: What kept it from being read.
    public static func read(_ path: String, limitBytes: Int) throws(Failure) -> Contents {
        // Without O_NONBLOCK, opening a named pipe would wait for a writer.
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { throw .system(action: "be opened", reason: errorText(errno)) }
        defer { close(descriptor) }
        var status = stat()
        guard unsafe fstat(descriptor, &status) == 0 else {
            throw .system(action: "be examined", reason: errorText(errno))
        }
        guard status.st_mode & S_IFMT == S_IFREG else { throw .notARegularFile }
        // Files of /proc say that they are empty, so the end of input is what counts.
        var bytes: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 16_384)
        while true {
            let count = unsafe piece.withUnsafeMutableBytes { buffer in
                unsafe Glibc.read(descriptor, buffer.baseAddress, buffer.count)
            }
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw .system(action: "be read", reason: errorText(errno)) }
            guard count > 0 else { break }
            bytes.append(contentsOf: piece[..<count])
            guard bytes.count <= limitBytes else { throw .tooLarge(limitBytes: limitBytes) }
        }
        return Contents(bytes: bytes, permissions: UInt32(status.st_mode) & 0o7777)
    }
}

extension SmallFile {
    /// Writes a file whole or not at all: readers see the old one or the new one.
    ///
    /// Who could read the old one can read the new one, but for everybody: owner, group and their
    /// permissions are kept where the process may give them.
    ///
    /// - Parameters:
    ///   - bytes: All it is to hold.
    ///   - path: Where it goes.
    ///   - permissions: The permission bits of a new one, as chmod takes them.
    /// - Throws: What kept it from being written.
    public static func write(
        _ bytes: [UInt8],
        to path: String,
        permissions: UInt32
    ) throws(Failure) {
        let temporary = "\(path).\(getpid()).partial"
        let flags = O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC
        let descriptor = unsafe open(temporary, flags, mode_t(permissions))
        guard descriptor >= 0 else { throw .system(action: "be made", reason: errorText(errno)) }
        var old = stat()
        if unsafe stat(path, &old) == 0, fchown(descriptor, old.st_uid, old.st_gid) == 0 {
            _ = fchmod(descriptor, old.st_mode & 0o770)
        }
        var position = 0
        var code: Int32 = 0
        while position < bytes.count, code == 0 {
            let count = unsafe bytes.withUnsafeBytes { buffer in
                unsafe Glibc.write(
                    descriptor,
                    buffer.baseAddress?.advanced(by: position),
                    buffer.count - position
                )
            }
            if count > 0 { position += count } else if errno != EINTR { code = errno }
        }
        if code == 0, fsync(descriptor) != 0 { code = errno }
        close(descriptor)
        if code == 0, unsafe rename(temporary, path) != 0 { code = errno }
        guard code != 0 else { return }
        _ = unsafe unlink(temporary)
        throw .system(action: "be written", reason: errorText(code))
    }
}

/// The text of an error number.
public func errorText(_ code: Int32) -> String {
    var characters = [CChar](repeating: 0, count: 128)
    guard unsafe strerror_r(code, &characters, characters.count) == 0 else { return "\(code)" }
    let bytes = characters.prefix { $0 != 0 }.map(UInt8.init(bitPattern:))
    return bytes.isEmpty ? "error \(code)" : String(decoding: bytes, as: UTF8.self)
}
