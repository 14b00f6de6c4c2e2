import Robustness
import StrictJSON

/// The answer to `POST …/fisher`.
struct FisherAnswer {
    /// What is said of one observation.
    struct Information {
        var fisher: FisherInformation
        var standing: ObservationStanding
        /// Which of the observations it is.
        var index: Int
    }

    var model: String
    var version: Int
    var seed: UInt64
    var observations: ObservationList
    var entries: [Result<Information, APIError>]

    func encoded() -> [UInt8] {
        JSONWriter.answer(model: model, version: version, seed: seed, entries) { entry, writer in
            let fisher = entry.fisher
            writer.estimate("trace", fisher.trace)
            writer.estimate("largest_eigenvalue", fisher.largestEigenvalue)
            writer.key("direction")
            observations.write(
                fisher.direction.map(Float.init),
                as: entry.index,
                to: &writer
            )
            if let matrix = fisher.matrix {
                // The rest belongs to what is missing, and is zero.
                let width = fisher.direction.count
                let count = observations.numberCount(entry.index)
                writer.key("matrix")
                writer.beginArray()
                for row in 0..<count {
                    writer.numbers(Array(matrix[row * width..<row * width + count]))
                }
                writer.endArray()
            }
            writer.key("method")
            writer.string(fisher.method.rawValue)
            entry.standing.write(to: &writer)
        }
    }
}
