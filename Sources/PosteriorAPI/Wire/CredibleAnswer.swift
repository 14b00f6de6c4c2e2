import Estimators
import StrictJSON

/// The answer to `POST …/credible`.
struct CredibleAnswer {
    /// The levels of one observation's thetas.
    struct Levels {
        var level: [Float] = []
        var standardError: [Float] = []
        /// Of a truncated posterior, how many draws they come from and its acceptance rate.
        var truncation: (draws: Int, rate: AcceptanceRate)?
    }

    var model: String
    var version: Int
    var seed: UInt64
    var entries: [Result<Levels, APIError>]

    func encoded() -> [UInt8] {
        JSONWriter.answer(model: model, version: version, seed: seed, entries) { levels, writer in
            writer.key("level")
            writer.numbers(levels.level.span)
            writer.key("level_standard_error")
            writer.numbers(levels.standardError.span)
            if let (draws, rate) = levels.truncation {
                writer.key("num_samples")
                writer.integer(draws)
                rate.write(to: &writer)
            }
        }
    }
}
