#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// The one owner of an open file or folder; closes it at the end of its life.
///
/// Takes and returns arrays and spans: that the system wants pointers is known in this file and in
/// `FileSystem`. Every call that a signal interrupts is repeated, and one that moves a part of what
/// it was asked for goes on.
package struct OpenFile: ~Copyable, Sendable {
    private let descriptor: Int32

    private init(_ path: String, _ flags: Int32, _ operation: String) throws(SystemError) {
        descriptor = unsafe open(path, flags | O_CLOEXEC)
        guard descriptor >= 0 else { throw failure(operation) }
    }

    private init(owning descriptor: Int32, _ operation: String) throws(SystemError) {
        self.descriptor = descriptor
        guard descriptor >= 0 else { throw failure(operation) }
    }

    deinit {
        if descriptor >= 0 { close(descriptor) }
    }

    // MARK: Opening

    /// Opens a file to be read, links followed.
    package init(reading path: String) throws(SystemError) {
        // Without O_NONBLOCK, opening a named pipe would wait for a writer.
        try self.init(path, O_RDONLY | O_NONBLOCK, "open the file")
    }

    /// Opens a folder, links followed.
    package init(folder path: String) throws(SystemError) {
        try self.init(path, O_RDONLY | O_DIRECTORY, "open the directory")
    }

    /// Makes a file, to be written and read; there must be none at the path, nor a link.
    ///
    /// - Parameters:
    ///   - path: Where it goes.
    ///   - permissions: The permission bits, as chmod takes them; the process's mask applies.
    /// - Throws: What kept it from being made.
    package init(creating path: String, permissions: UInt32) throws(SystemError) {
        let flags = O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC
        let made = unsafe open(path, flags, mode_t(permissions))
        try self.init(owning: made, "create a file in \(FileSystem.parent(of: path))")
    }

    /// Opens once more what a descriptor that stays with its owner leads to; one that leads nowhere
    /// is found out when it is used.
    package init(sharing descriptor: Int32) {
        self.descriptor = fcntl(descriptor, F_DUPFD_CLOEXEC, 0)
    }

    /// Opens what a name in this folder leads to, unless that is a link.
    ///
    /// - Parameters:
    ///   - name: One part of a path.
    ///   - isFolder: Whether it has to be a folder.
    /// - Returns: The file or folder.
    /// - Throws: What kept it from being opened.
    package func opening(_ name: String, isFolder: Bool) throws(SystemError) -> OpenFile {
        let kind = isFolder ? O_DIRECTORY : O_NONBLOCK
        let flags = O_RDONLY | O_CLOEXEC | O_NOFOLLOW | kind
        return try OpenFile(owning: unsafe openat(descriptor, name, flags), "open the file")
    }

    // MARK: Looking

    /// What the system says of it.
    package func status() throws(SystemError) -> FileStatus {
        var status = stat()
        guard unsafe fstat(descriptor, &status) == 0 else { throw failure("examine the file") }
        return FileStatus(status)
    }

    /// Whether a person sees what is written.
    package var isTerminal: Bool { isatty(descriptor) == 1 }

    // MARK: Reading

    /// Reads from where the last read ended up to the end of the file.
    ///
    /// Files of /proc say that they are empty, so the end of input is what counts.
    ///
    /// - Parameters:
    ///   - limitBytes: The most that is read.
    ///   - expectedBytes: How many there probably are.
    /// - Returns: What was read.
    /// - Throws: What kept it from being read.
    package func rest(
        limitBytes: Int,
        expectedBytes: Int = 0
    ) throws(SystemError) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(min(expectedBytes, limitBytes))
        while bytes.count < limitBytes {
            let piece = max(16_384, expectedBytes - bytes.count)
            let wanted = min(piece, limitBytes - bytes.count)
            var count = 0
            bytes.append(addingCapacity: wanted) { (room: inout OutputSpan<UInt8>) in
                unsafe room.withUnsafeMutableBufferPointer { buffer, filled in
                    count = repeating {
                        unsafe systemRead(descriptor, buffer.baseAddress, wanted)
                    }
                    filled = max(count, 0)
                }
            }
            guard count >= 0 else { throw SystemError("read the file", count) }
            guard count > 0 else { break }
        }
        return bytes
    }

    /// Reads bytes anywhere in the file, from any thread.
    ///
    /// - Parameters:
    ///   - offset: Where the first is.
    ///   - count: How many.
    /// - Returns: The bytes, fewer where the file ends before.
    /// - Throws: What kept them from being read.
    package func bytes(at offset: Int, count: Int) throws(SystemError) -> [UInt8] {
        var result = 0
        let bytes = [UInt8](capacity: count) { (room: inout OutputSpan<UInt8>) in
            unsafe room.withUnsafeMutableBufferPointer { buffer, filled in
                result = unsafe fill(buffer.baseAddress, count, at: offset)
                filled = max(result, 0)
            }
        }
        guard result >= 0 else { throw SystemError("read the file", result) }
        return bytes
    }

    /// Reads native single-precision numbers anywhere in the file, from any thread.
    ///
    /// - Parameters:
    ///   - offset: Where the first is, in bytes.
    ///   - values: Takes the numbers.
    ///   - part: Which of the values.
    /// - Returns: Whether the file holds them all.
    /// - Throws: What kept them from being read.
    package func read(
        at offset: Int,
        into values: inout [Float],
        _ part: Range<Int>
    ) throws(SystemError) -> Bool {
        precondition(part.lowerBound >= 0 && part.upperBound <= values.count, "\(part)")
        let size = MemoryLayout<Float>.size
        let range = part.lowerBound * size..<part.upperBound * size
        let filled = unsafe values.withUnsafeMutableBytes { buffer in
            let start = unsafe buffer.baseAddress?.advanced(by: range.lowerBound)
            return unsafe fill(start, range.count, at: offset)
        }
        guard filled >= 0 else { throw SystemError("read the file", filled) }
        return filled == range.count
    }

    /// Reads as far as the file goes; the count of bytes, or the negative error number.
    private func fill(_ start: UnsafeMutableRawPointer?, _ wanted: Int, at offset: Int) -> Int {
        var filled = 0
        while filled < wanted {
            let count = repeating {
                unsafe pread(
                    descriptor,
                    start?.advanced(by: filled),
                    wanted - filled,
                    off_t(offset + filled)
                )
            }
            guard count >= 0 else { return count }
            guard count > 0 else { break }
            filled += count
        }
        return filled
    }

    // MARK: Writing

    /// Writes all bytes of some elements after those that were written before.
    package func write<Element: BitwiseCopyable>(_ elements: Span<Element>) throws(SystemError) {
        let result = unsafe elements.withUnsafeBytes { bytes in
            var written = 0
            while written < bytes.count {
                let start = unsafe bytes.baseAddress?.advanced(by: written)
                let count = unsafe put(start, bytes.count - written)
                guard count >= 0 else { return count }
                written += count
            }
            return written
        }
        guard result >= 0 else { throw SystemError("write the file", result) }
    }

    /// Writes as many bytes as there is room for now.
    ///
    /// - Returns: How many.
    /// - Throws: What kept them from being written: `EAGAIN` where there was no room.
    package func writeSome(_ bytes: Span<UInt8>) throws(SystemError) -> Int {
        let count = unsafe bytes.withUnsafeBytes { unsafe put($0.baseAddress, $0.count) }
        guard count >= 0 else { throw SystemError("write the file", count) }
        return count
    }

    /// Writes as many bytes as there is room for; how many, or the negative error number.
    private func put(_ start: UnsafeRawPointer?, _ count: Int) -> Int {
        let written = repeating { unsafe systemWrite(descriptor, start, count) }
        // No error and nothing written: nobody may wait for more.
        return written == 0 && count > 0 ? -Int(EIO) : written
    }

    /// Waits until there is room to write.
    package func waitForRoom(milliseconds: Int32) {
        var entry = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
        _ = unsafe poll(&entry, 1, milliseconds)
    }

    /// Gives it to the owner and the group of another file, with the permissions they have there and
    /// none for everybody else; it stays as it is where this process may not.
    package func giveTo(ownersOf other: FileStatus) {
        guard fchown(descriptor, other.owner, other.group) == 0 else { return }
        _ = fchmod(descriptor, mode_t(other.permissions) & 0o770)
    }

    /// Forces what was written to the disk.
    package func synchronize() throws(SystemError) {
        guard fsync(descriptor) == 0 else { throw failure("flush the file to the disk") }
    }
}

/// read(2), where a method of that name hides it.
private func systemRead(_ file: Int32, _ start: UnsafeMutableRawPointer?, _ count: Int) -> Int {
    unsafe read(file, start, count)
}

/// write(2), where a method of that name hides it.
private func systemWrite(_ file: Int32, _ start: UnsafeRawPointer?, _ count: Int) -> Int {
    unsafe write(file, start, count)
}

/// Makes a call again for as long as signals interrupt it; a failure is the negative error number.
private func repeating(_ call: () -> Int) -> Int {
    while true {
        let result = call()
        guard result < 0 else { return result }
        let code = errno
        if code != EINTR { return -Int(code) }
    }
}

/// The error of a call that just failed.
func failure(_ operation: String) -> SystemError {
    SystemError(operation: operation, code: errno)
}

extension SystemError {
    /// The error of a call by its result, the negative error number.
    fileprivate init(_ operation: String, _ result: Int) {
        self.init(operation: operation, code: Int32(truncatingIfNeeded: -result))
    }
}
