import SystemFiles

/// An open file that any thread may read anywhere.
///
/// Reads copy what they are asked for instead of mapping the file, so that resident memory does
/// not grow with it; the system's page cache keeps what is read often.
final class InputFile: Sendable {
    /// The path, for error messages.
    let path: String
    /// The size in bytes when it was opened.
    let size: Int
    private let file: OpenFile

    /// Opens a regular file.
    convenience init(path: String) throws(SimulationFileError) {
        let file: OpenFile
        do throws(SystemError) {
            file = try OpenFile(reading: path)
        } catch {
            throw .file(path: path, reason: "cannot be opened: \(error.reason)")
        }
        guard let status = try? file.status(), status.kind == .regular else {
            throw .file(path: path, reason: "is not a regular file")
        }
        self.init(path: path, file: file, size: status.sizeBytes)
    }

    /// Takes over an open file.
    init(path: String, file: consuming OpenFile, size: Int) {
        self.path = path
        self.file = file
        self.size = size
    }

    /// The bytes of a range of the file.
    func bytes(at offset: Int, count: Int) throws(SimulationFileError) -> [UInt8] {
        guard count > 0 else { return [] }
        let bytes: [UInt8]
        do throws(SystemError) {
            bytes = try file.bytes(at: offset, count: count)
        } catch {
            throw unreadable(error)
        }
        guard bytes.count == count else { throw ended() }
        return bytes
    }

    /// Reads native single-precision numbers into a part of an array.
    func read(
        at offset: Int,
        into values: inout [Float],
        _ part: Range<Int>
    ) throws(SimulationFileError) {
        let isComplete: Bool
        do throws(SystemError) {
            isComplete = try file.read(at: offset, into: &values, part)
        } catch {
            throw unreadable(error)
        }
        guard isComplete else { throw ended() }
    }

    private func unreadable(_ error: SystemError) -> SimulationFileError {
        .file(path: path, reason: "cannot be read: \(error.reason)")
    }

    private func ended() -> SimulationFileError {
        .file(path: path, reason: "ends before its data")
    }
}

/// A temporary file without a name: it is gone when the process ends, however it ends.
///
/// Holds bytes, or numbers in the machine's byte order.
struct ScratchFile<Element: BitwiseCopyable>: ~Copyable {
    private let directory: String
    private let file: OpenFile
    private var size = 0
    private var buffer: [Element] = []

    /// Makes an empty file on the disk of a directory.
    init(directory: String) throws(SimulationFileError) {
        let word = String(UInt64.random(in: 0...UInt64.max), radix: 16)
        let path = "\(directory)/.simulations.\(word)"
        do throws(SystemError) {
            file = try OpenFile(creating: path, permissions: 0o600)
        } catch {
            throw .file(
                path: directory,
                reason: "a temporary file cannot be made here: \(error.reason)"
            )
        }
        FileSystem.remove(path)
        self.directory = directory
    }

    /// Appends elements.
    mutating func append(_ elements: some Collection<Element>) throws(SimulationFileError) {
        buffer += elements
        if buffer.count >= (1 << 20) / MemoryLayout<Element>.stride { try flush() }
    }

    /// Writes out what is buffered.
    private mutating func flush() throws(SimulationFileError) {
        do throws(SystemError) {
            try file.write(buffer.span)
        } catch {
            throw .file(
                path: directory,
                reason: "a temporary file cannot be written here: \(error.reason)"
            )
        }
        size += buffer.count * MemoryLayout<Element>.stride
        buffer.removeAll(keepingCapacity: true)
    }

    /// Ends writing.
    ///
    /// - Parameter path: The file the content came from, for error messages.
    /// - Returns: The file, to be read.
    /// - Throws: `SimulationFileError` when the disk is full.
    consuming func finish(named path: String) throws(SimulationFileError) -> InputFile {
        try flush()
        return InputFile(path: path, file: file, size: size)
    }
}
