import Dispatch
import Foundation
import Synchronization

/// Ctrl-C: the first asks for an orderly end, the second ends the process.
final class Interruption: Sendable {
    /// How often the user has asked.
    private let count = Atomic(0)
    /// The one that listens now: where a command runs others, each listens in its turn.
    private static let current = Mutex<Interruption?>(nil)

    /// Whether the user has asked for the end.
    var isRequested: Bool { count.load(ordering: .relaxed) > 0 }

    /// Whether the user has asked the one that listens now.
    static var isRequested: Bool { current.withLock { $0?.isRequested ?? false } }

    /// Starts to listen, in place of any other.
    ///
    /// - Parameter notice: What to tell the user at the first signal.
    func listen(notice: String) {
        Self.current.withLock { $0 = self }
        for number in [SIGINT, SIGTERM] {
            // The source hears of the signal only if it is not fatal to the process.
            signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(
                signal: number,
                queue: .global(qos: .userInteractive)
            )
            // The handler keeps its source, and so itself, as long as the process lives.
            source.setEventHandler { [self] in
                guard !source.isCancelled, Self.current.withLock({ $0 === self }) else { return }
                if count.wrappingAdd(1, ordering: .relaxed).oldValue > 0 {
                    exit(128 + number)
                }
                FileHandle.standardError.write(Data("\n\(notice)\n".utf8))
            }
            source.resume()
        }
    }
}
