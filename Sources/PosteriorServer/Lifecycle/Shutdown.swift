import Glibc
import HTTPServing
import Logging
import OperatingSystem
import PosteriorAPI
import Synchronization

/// What happens on SIGTERM and Ctrl-C.
///
/// The first one turns readiness off, goes on serving for a while so that balancers can notice,
/// then lets requests in progress finish. A second one ends at once, and so does one that comes
/// before the server has started.
final class Shutdown: Sendable {
    /// Read by the service.
    let readiness = Readiness()
    private let delay: Duration
    private let timeout: Duration
    private let log: ServerLog
    private let server = Mutex<HTTPServer?>(nil)

    init(delay: Duration, timeout: Duration, log: ServerLog) {
        self.delay = delay
        self.timeout = timeout
        self.log = log
    }

    /// Says which server there is to stop from now on.
    func started(_ server: HTTPServer) {
        self.server.withLock { $0 = server }
    }

    /// Acts on a signal; blocks while the server drains.
    func signalled(_ count: Int) {
        guard count == 1, let server = server.withLock({ $0 }) else {
            log.logger.warning("ended at once")
            log.sink.close()
            exit(1)
        }
        log.logger.notice("stopping: requests in progress may finish")
        ServiceManager.notify("STOPPING=1")
        readiness.beginDraining()
        wait(delay)
        _ = server.drain(within: timeout)
    }

    private func wait(_ duration: Duration) {
        usleep(UInt32(clamping: duration.components.seconds * 1_000_000))
    }
}
