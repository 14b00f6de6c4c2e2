import Dispatch
import Glibc
import Synchronization
import SystemFiles

/// Lines on their way to a descriptor, written by a thread of its own.
///
/// `append` never waits for a reader: what it cannot take is dropped and counted. So a log that
/// nobody reads, or a disk that is full, costs lines and nothing else.
public final class LogSink: Sendable {
    private struct Contents {
        var lines: [UInt8] = []
        var isClosed = false
    }

    /// How long lines gather before they are written together.
    ///
    /// To wake the writer takes longer than to append a line: where it was woken for each, that was a
    /// ninth of an I/O loop's time.
    private static let gathering = DispatchTimeInterval.milliseconds(5)

    private let output: OpenFile
    private let limitBytes: Int
    private let contents = Mutex(Contents())
    private let dropped = Atomic(0)
    private let available = DispatchSemaphore(value: 0)
    private let closing = DispatchSemaphore(value: 0)
    private let ended = DispatchSemaphore(value: 0)

    /// Makes a sink.
    ///
    /// - Parameters:
    ///   - descriptor: Where the lines go; it stays open.
    ///   - limitBytes: The most that waits.
    public init(descriptor: Int32, limitBytes: Int = 1 << 20) {
        output = OpenFile(sharing: descriptor)
        self.limitBytes = limitBytes
        // A reader that goes away costs lines, not the process.
        _ = signal(SIGPIPE, SIG_IGN)
        DispatchQueue(label: "posterior-log").async { [self] in run() }
    }

    /// Whether the lines are seen by a person.
    public var isTerminal: Bool { output.isTerminal }

    /// How many lines were dropped so far.
    public var droppedCount: Int { dropped.load(ordering: .relaxed) }

    /// Takes a line, with the line feed at its end.
    public func append(_ line: [UInt8]) {
        let wasEmpty = contents.withLock { contents -> Bool? in
            guard contents.lines.count + line.count <= limitBytes, !contents.isClosed else {
                return nil
            }
            contents.lines += line
            return contents.lines.count == line.count
        }
        switch wasEmpty {
        case true?: available.signal()
        case false?: break
        case nil: dropped.wrappingAdd(1, ordering: .relaxed)
        }
    }

    /// Takes no more lines and waits, at most two seconds, until those there are are written.
    public func close() {
        contents.withLock { $0.isClosed = true }
        closing.signal()
        available.signal()
        _ = ended.wait(timeout: .now() + .seconds(2))
    }

    private func run() {
        while true {
            available.wait()
            _ = closing.wait(timeout: .now() + Self.gathering)
            let (lines, isClosed) = contents.withLock { contents in
                var taken: [UInt8] = []
                swap(&taken, &contents.lines)
                return (taken, contents.isClosed)
            }
            write(lines)
            if isClosed {
                ended.signal()
                return
            }
        }
    }

    /// Writes all, or counts the lines that cannot be written.
    private func write(_ lines: [UInt8]) {
        var position = 0
        while position < lines.count {
            do throws(SystemError) {
                position += try output.writeSome(lines.span.extracting(droppingFirst: position))
            } catch  where [EAGAIN, EWOULDBLOCK].contains(error.code) {
                output.waitForRoom(milliseconds: 1_000)
            } catch {
                // A full disk, or a reader that is gone: the next lines may fare better.
                let lost = lines[position...].count { $0 == 0x0A }
                dropped.wrappingAdd(lost, ordering: .relaxed)
                return
            }
        }
    }
}
