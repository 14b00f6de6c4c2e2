#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// What tells one state of a file from another, and from files that took its place, without
/// reading it.
public struct FileIdentity: Sendable, Equatable {
    var device: UInt64
    var number: UInt64
    var sizeBytes: Int
    /// When the content was changed last, in nanoseconds.
    var modified: Int64
    /// When content or attributes were changed last, in nanoseconds.
    var changed: Int64
}

/// What the system says of a file or a folder.
package struct FileStatus: Sendable, Equatable {
    package enum Kind: Sendable {
        case regular
        case folder
        /// A pipe, a socket, a device or a link that was not followed.
        case other
    }

    package let kind: Kind
    package let identity: FileIdentity
    /// The permission bits, as chmod takes them.
    package let permissions: UInt32

    let owner: uid_t
    let group: gid_t

    package var sizeBytes: Int { identity.sizeBytes }

    init(_ status: stat) {
        switch status.st_mode & S_IFMT {
        case S_IFREG: kind = .regular
        case S_IFDIR: kind = .folder
        default: kind = .other
        }
        permissions = UInt32(status.st_mode) & 0o7777
        owner = status.st_uid
        group = status.st_gid
        #if canImport(Darwin)
        let (modified, changed) = (status.st_mtimespec, status.st_ctimespec)
        #else
        let (modified, changed) = (status.st_mtim, status.st_ctim)
        #endif
        identity = FileIdentity(
            device: UInt64(truncatingIfNeeded: status.st_dev),
            number: UInt64(truncatingIfNeeded: status.st_ino),
            sizeBytes: Int(status.st_size),
            modified: Self.nanoseconds(modified),
            changed: Self.nanoseconds(changed)
        )
    }

    private static func nanoseconds(_ time: timespec) -> Int64 {
        Int64(time.tv_sec) &* 1_000_000_000 &+ Int64(time.tv_nsec)
    }
}
