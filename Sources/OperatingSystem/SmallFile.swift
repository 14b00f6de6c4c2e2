public import SystemFiles

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
    public typealias Identity = FileIdentity

    /// What a file holds and who may read it.
    public struct Contents: Sendable {
        /// All its bytes.
        public let bytes: [UInt8]
        /// The permission bits, as chmod takes them.
        public let permissions: UInt32
    }

    /// Which state a file is in; nil when there is none.
    public static func identity(of path: String) -> Identity? {
        FileSystem.status(of: path)?.identity
    }

    /// Reads a regular file.
    ///
    /// - Parameters:
    ///   - path: Where it is.
    ///   - limitBytes: The longest that is read.
    /// - Returns: What it holds.
    /// - Throws: What kept it from being read.
    public static func read(_ path: String, limitBytes: Int) throws(Failure) -> Contents {
        let file = try saying("be opened") { () throws(SystemError) in
            try OpenFile(reading: path)
        }
        let status = try saying("be examined") { () throws(SystemError) in try file.status() }
        guard status.kind == .regular else { throw .notARegularFile }
        let bytes = try saying("be read") { () throws(SystemError) in
            try file.rest(limitBytes: limitBytes + 1)
        }
        guard bytes.count <= limitBytes else { throw .tooLarge(limitBytes: limitBytes) }
        return Contents(bytes: bytes, permissions: status.permissions)
    }

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
        try saying("be written") { () throws(SystemError) in
            try FileSystem.replaceFile(
                path,
                with: bytes,
                permissions: permissions,
                keepsReaders: true
            )
        }
    }

    /// Turns the system's errors into those of this type.
    private static func saying<Value: ~Copyable>(
        _ action: String,
        _ body: () throws(SystemError) -> Value
    ) throws(Failure) -> Value {
        do throws(SystemError) {
            return try body()
        } catch {
            throw .system(action: action, reason: error.reason)
        }
    }
}
