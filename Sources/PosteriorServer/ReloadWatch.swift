import Dispatch
import Glibc

/// Asks every few seconds, and at once on SIGHUP, whether what the server has read should be read
/// again.
///
/// Make one before anything slow begins, and keep it: without it SIGHUP ends the process.
final class ReloadWatch {
    /// Why it asks.
    enum Occasion: Sendable {
        /// Some time has passed: read what has changed.
        case time
        /// Somebody wants all to be read again.
        case signal
    }

    private let interval: DispatchTimeInterval
    private let wakeUps = DispatchSemaphore(value: 0)
    private let source: any DispatchSourceSignal

    /// Makes one that asks after so many seconds.
    init(interval seconds: Int) {
        interval = .seconds(seconds)
        source = DispatchSource.makeSignalSource(
            signal: SIGHUP,
            queue: DispatchQueue(label: "posterior-hang-up")
        )
        let registered = DispatchSemaphore(value: 0)
        source.setEventHandler { @Sendable [wakeUps] in wakeUps.signal() }
        source.setRegistrationHandler { @Sendable in registered.signal() }
        source.activate()
        registered.wait()
    }

    /// Begins to ask, on a thread of its own, for as long as the process lives.
    func start(_ reload: @escaping @Sendable (Occasion) -> Void) {
        DispatchQueue(label: "posterior-reload").async { [wakeUps, interval] in
            while true {
                let isDemanded = wakeUps.wait(timeout: .now() + interval) == .success
                // Many signals at once ask for the same.
                while isDemanded, wakeUps.wait(timeout: .now()) == .success {}
                reload(isDemanded ? .signal : .time)
            }
        }
    }
}
