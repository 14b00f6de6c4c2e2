import Estimators
import Robustness
import StrictJSON

/// What the metadata say of the tensors of an `ObservationCalibration`.
struct CalibrationFields: Equatable {
    /// The name of these fields in the document.
    static let key = "observation_calibration"

    /// How many held-out observations the distances are of.
    var observations: Int
    /// Draws that each Fisher trace was estimated from.
    var fisherDraws: Int

    init(_ calibration: ObservationCalibration) {
        observations = calibration.distances.count
        fisherDraws = calibration.fisherDraws
    }

    init(_ field: JSONField) throws(JSONFieldError) {
        let fields = try field.object()
        observations = try fields.required("observations", expected: "an integer")
            .integer(in: 1...Int.max)
        fisherDraws = try fields.required("fisher_samples", expected: "an integer")
            .integer(in: 1...Int.max)
    }

    func write(to writer: inout JSONWriter) {
        writer.beginObject()
        writer.key("observations")
        writer.integer(observations)
        writer.key("fisher_samples")
        writer.integer(fisherDraws)
        writer.endObject()
    }

    /// The calibration that these fields describe.
    ///
    /// - Throws: `ModelFileError` naming the tensor that is missing, unknown or useless.
    func joined(
        with tensors: [String: Tensor],
        _ posterior: Posterior
    ) throws(ModelFileError) -> ObservationCalibration {
        let calibration: ObservationCalibration
        do throws(CalibrationTensorError) {
            calibration = try ObservationCalibration(
                tensors: tensors,
                posterior: posterior,
                fisherDraws: fisherDraws
            )
        } catch {
            throw .invalidTensor(name: error.tensor, reason: error.reason)
        }
        guard calibration.distances.count == observations else {
            throw .invalidMetadata(
                .mismatch(
                    path: "\(Self.key).observations",
                    expected: "\(calibration.distances.count), as many as there are distances",
                    found: "\(observations)"
                )
            )
        }
        return calibration
    }
}
