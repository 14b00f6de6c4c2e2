import Dispatch
import Glibc
import Synchronization

/// Turns SIGTERM and SIGINT into calls, so that a program can end in its own order.
///
/// Make one before anything slow begins, and keep it. The first call is the wish to end; a second
/// one means at once.
///
///     let signals = TerminationSignal { count in … }
public final class TerminationSignal {
    private final class Counter: Sendable {
        private let count = Atomic(0)

        func next() -> Int { count.wrappingAdd(1, ordering: .relaxed).newValue }
    }

    private var sources: [any DispatchSourceSignal] = []

    /// Starts to listen; from now on the two signals no longer end the process by themselves.
    ///
    /// - Parameter handler: Called with 1 for the first signal, 2 for the second, and so on, each
    ///   time on a thread of its own: it may block.
    public init(handler: @escaping @Sendable (Int) -> Void) {
        let counter = Counter()
        let queue = DispatchQueue(label: "posterior-signals")
        let handlers = DispatchQueue(label: "posterior-signal-handlers", attributes: .concurrent)
        let registered = DispatchSemaphore(value: 0)
        for number in [SIGTERM, SIGINT] {
            let source = DispatchSource.makeSignalSource(signal: number, queue: queue)
            source.setEventHandler { @Sendable in
                let count = counter.next()
                handlers.async { handler(count) }
            }
            source.setRegistrationHandler { @Sendable in registered.signal() }
            source.activate()
            sources.append(source)
        }
        // Until a source is registered its signal still ends the process; none is ever lost.
        for _ in sources { registered.wait() }
    }

    deinit {
        for source in sources { source.cancel() }
    }
}
