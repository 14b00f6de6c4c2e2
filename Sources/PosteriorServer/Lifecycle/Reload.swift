import CoreMetrics
import Logging
import ModelStore
import OperatingSystem
import PosteriorAPI

/// Reads again what may have changed while the server runs.
struct Reload: Sendable {
    let keys: KeySource?
    let security: TransportSecurity?
    let models: ServedModels
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
        reloadModels(isDemanded: isDemanded)
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

    private func reloadModels(isDemanded: Bool) {
        do throws(ModelFileError) {
            let report = isDemanded ? try models.reload() : try models.poll()
            Self.log(report, logger)
            let changes = report.added.count + report.replaced.count + report.removed.count
            for _ in 0..<changes { count("models", "ok") }
            for _ in report.refusals { count("models", "failed") }
        } catch {
            logger.error("the models stay as they are: \(error)")
            count("models", "failed")
        }
    }

    /// Says what a look at the models directory changed.
    static func log(_ report: ModelReport, _ logger: Logger) {
        for model in report.added { logger.info("serving \(model)") }
        for model in report.replaced { logger.notice("serving \(model) from its new file") }
        for model in report.removed { logger.notice("no longer serving \(model)") }
        for refusal in report.refusals { logger.warning("refused \(refusal)") }
    }

    private func count(_ what: String, _ result: String) {
        Counter(
            label: "posterior_reloads_total",
            dimensions: [("what", what), ("result", result)],
            factory: metrics.registry
        ).increment()
    }
}
