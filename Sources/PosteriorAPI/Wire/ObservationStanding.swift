import Estimators
import ModelStore
import Robustness
import StrictJSON

/// How an observation stands among simulated ones; `null` where the model does not know.
struct ObservationStanding {
    /// The percentage of held-out simulations with a smaller Fisher trace.
    var percentile: Double?
    /// The chance that a simulation lies at least as far out.
    var typicality: Double?

    /// Compares an observation `[L]` with the model's calibration.
    init(of x: [Float], trace: Double, _ model: ModelCatalog.Entry) {
        let calibration = model.model.file.calibration
        percentile = calibration?.percentile(ofTrace: trace)
        typicality = calibration?.typicality(of: x, under: model.posterior)
    }

    func write(to writer: inout JSONWriter) {
        writer.key("percentile")
        writer.number(percentile ?? .nan)
        writer.key("typicality")
        writer.number(typicality ?? .nan)
    }
}
