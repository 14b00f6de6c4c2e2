import CoreMetrics
import Logging
import OperatingSystem
import PosteriorAPI

/// Reads again what may have changed while the server runs.
struct Reload: Sendable {
    let keys: KeySource?
    let security: TransportSecurity?
    let metrics: ServiceMetrics
    let logger: Logger

    /// Looks at everything once; whatever is bad leaves what is in use in use.
    func run(_ occasion: ReloadWatch.Occasion) {
        let isDemanded = occasion == .signal
        if isDemanded {
            logger.notice("reading again what may have changed")
            ServiceManager.notify(
                "RELOADING=1\nMONOTONIC_USEC=\(ServiceManager.monotonicMicroseconds)"
            )
        }
        reloadKeys(isDemanded: isDemanded)
        if let result = security?.reload(occasion, logger) {
            count("certificates", result ? "ok" : "failed")
        }
        if isDemanded { ServiceManager.notify("READY=1") }
    }

    private func reloadKeys(isDemanded: Bool) {
        guard let keys else { return }
        do throws(Failure) {
            guard try keys.reload(always: isDemanded) else { return }
            logger.notice("the keys were read again")
            count("keys", "ok")
        } catch {
            logger.error("the keys stay as they are: \(error)")
            count("keys", "failed")
        }
    }

    private func count(_ what: String, _ result: String) {
        Counter(
            label: "posterior_reloads_total",
            dimensions: [("what", what), ("result", result)],
            factory: metrics.registry
        ).increment()
    }
}
