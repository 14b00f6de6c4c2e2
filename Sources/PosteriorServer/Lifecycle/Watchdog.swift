import Dispatch
import HTTPServing
import OperatingSystem

/// Tells systemd that the server lives, as long as every loop answers.
enum Watchdog {
    /// Begins, if systemd asks for it, at half of the interval it asks for.
    static func start(_ server: HTTPServer) {
        guard let interval = ServiceManager.watchdogInterval else { return }
        let nanoseconds = Int(clamping: Int64(interval / .nanoseconds(1))) / 2
        DispatchQueue(label: "posterior-watchdog").async {
            let pause = DispatchSemaphore(value: 0)
            while true {
                if server.loopsRespond(within: interval / 2) {
                    ServiceManager.notify("WATCHDOG=1")
                }
                _ = pause.wait(timeout: .now() + .nanoseconds(nanoseconds))
            }
        }
    }
}
