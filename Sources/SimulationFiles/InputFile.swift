#if canImport(Darwin)
import Darwin
#else
import Glibc
#endif

/// An open file that any thread may read anywhere.
///
/// Reads copy what they are asked for instead of mapping the file, so that resident memory does
/// not grow with it; the system's page cache keeps what is read often.
final class InputFile: Sendable {
    /// The path, for error messages.
    let path: String
    /// The size in bytes when it was opened.
    let size: Int
    private let descriptor: Int32

    /// Opens a regular file.
    convenience init(path: String) throws(SimulationFileError) {
        // Without O_NONBLOCK, opening a named pipe would wait for a writer.
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else {
            throw .file(path: path, reason: "cannot be opened: \(systemReason())")
        }
        var status = stat()
        guard unsafe fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            close(descriptor)
            throw .file(path: path, reason: "is not a regular file")
        }
        self.init(path: path, descriptor: descriptor, size: Int(status.st_size))
    }

    /// Takes over an open descriptor.
    init(path: String, descriptor: Int32, size: Int) {
        self.path = path
        self.descriptor = descriptor
        self.size = size
    }

    deinit { close(descriptor) }

    /// The bytes of a range of the file.
    func bytes(at offset: Int, count: Int) throws(SimulationFileError) -> [UInt8] {
        guard count > 0 else { return [] }
        var bytes = [UInt8](repeating: 0, count: count)
        let isComplete = unsafe bytes.withUnsafeMutableBytes { unsafe fill($0, at: offset) }
        guard isComplete else { throw readFailure() }
        return bytes
    }

    /// Reads native single-precision numbers into a part of an array.
    func read(
        at offset: Int,
        into values: inout [Float],
        _ part: Range<Int>
    ) throws(SimulationFileError) {
        precondition(part.lowerBound >= 0 && part.upperBound <= values.count, "\(part)")
        let size = MemoryLayout<Float>.size
        let isComplete = unsafe values.withUnsafeMutableBytes { buffer in
            let bytes = part.lowerBound * size..<part.upperBound * size
            return unsafe fill(UnsafeMutableRawBufferPointer(rebasing: buffer[bytes]), at: offset)
        }
        guard isComplete else { throw readFailure() }
    }

    /// Fills a buffer from an offset on; whether all of it could be read.
    private func fill(_ buffer: UnsafeMutableRawBufferPointer, at offset: Int) -> Bool {
        var filled = 0
        while filled < buffer.count {
            let rest = unsafe UnsafeMutableRawBufferPointer(rebasing: buffer[filled...])
            guard let start = rest.baseAddress else { return false }
            let count = unsafe pread(descriptor, start, rest.count, off_t(offset + filled))
            if count < 0, errno == EINTR { continue }
            if count == 0 { errno = 0 }
            guard count > 0 else { return false }
            filled += count
        }
        return true
    }

    /// The error of a read that just failed.
    private func readFailure() -> SimulationFileError {
        .file(
            path: path,
            reason: errno == 0 ? "ends before its data" : "cannot be read: \(systemReason())"
        )
    }
}

/// A temporary file without a name: it is gone when the process ends, however it ends.
struct ScratchFile: ~Copyable {
    private let directory: String
    private let descriptor: Int32
    private var size = 0
    private var buffer: [UInt8] = []

    /// Makes an empty file on the disk of a directory.
    init(directory: String) throws(SimulationFileError) {
        let path = "\(directory)/.simulations.XXXXXX"
        var template = path.utf8CString
        let descriptor = unsafe template.withUnsafeMutableBufferPointer { name -> Int32 in
            guard let start = name.baseAddress else { return -1 }
            let descriptor = unsafe mkstemp(start)
            if descriptor >= 0 { unsafe unlink(start) }
            return descriptor
        }
        guard descriptor >= 0 else {
            throw .file(
                path: directory,
                reason: "a temporary file cannot be made here: \(systemReason())"
            )
        }
        self.directory = directory
        self.descriptor = descriptor
    }

    deinit { close(descriptor) }

    /// Appends bytes.
    mutating func append(_ bytes: some Collection<UInt8>) throws(SimulationFileError) {
        buffer += bytes
        if buffer.count >= 1 << 20 { try flush() }
    }

    /// Appends a number in the machine's byte order.
    mutating func append(_ values: [Float]) throws(SimulationFileError) {
        unsafe values.withUnsafeBytes { unsafe buffer.append(contentsOf: $0) }
        if buffer.count >= 1 << 20 { try flush() }
    }

    /// Writes out what is buffered.
    private mutating func flush() throws(SimulationFileError) {
        var written = 0
        while written < buffer.count {
            let count = unsafe buffer.withUnsafeBytes { bytes -> Int in
                let rest = unsafe UnsafeRawBufferPointer(rebasing: bytes[written...])
                guard let start = rest.baseAddress else { return -1 }
                return unsafe write(descriptor, start, rest.count)
            }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else {
                throw .file(
                    path: directory,
                    reason: "a temporary file cannot be written here: \(systemReason())"
                )
            }
            written += count
        }
        size += written
        buffer.removeAll(keepingCapacity: true)
    }

    /// Ends writing.
    ///
    /// - Parameter path: The file the content came from, for error messages.
    /// - Returns: The file, to be read.
    /// - Throws: `SimulationFileError` when the disk is full.
    consuming func finish(named path: String) throws(SimulationFileError) -> InputFile {
        try flush()
        return InputFile(path: path, descriptor: dup(descriptor), size: size)
    }
}

/// What the last failed call to the system says.
private func systemReason() -> String { unsafe String(cString: strerror(errno)) }
