import Estimators
import StrictJSON

/// The answer to `POST …/sample`.
struct SampleAnswer {
    /// What is said of the draws.
    enum Output: String {
        /// The draws themselves.
        case samples
        /// Moments, quantiles and credible intervals of the parameters.
        case summary
        /// The draws and their summary.
        case both
    }

    /// An observation's place among those in `draws`, or why there are none.
    typealias Entry = Result<Int, APIError>

    /// Name of the model that answered.
    var model: String
    /// Its version.
    var version: Int
    /// The seed of the draws.
    var seed: UInt64
    /// The draws of the observations that could be answered.
    var draws: PosteriorSamples
    /// S, the number of draws of each observation.
    var count: Int
    /// D, the number of parameters.
    var thetaDim: Int
    /// What to say of the draws.
    var output: Output
    /// What a summary of them gives.
    var levels: SummaryLevels
    /// One entry for each observation, in the order asked.
    var entries: [Entry]

    /// The answer as JSON.
    func encoded() -> [UInt8] {
        // Errors are short, however many draws were asked for.
        let answered = entries.count { (try? $0.get()) != nil }
        let numbers = output == .summary ? 0 : answered * count * (thetaDim + 1)
        return JSONWriter.answer(
            capacity: 512 + 13 * numbers,
            model: model,
            version: version,
            seed: seed,
            entries
        ) { place, writer in
            write(place, to: &writer)
        }
    }

    private func write(_ place: Int, to writer: inout JSONWriter) {
        let range = place * count * thetaDim..<(place + 1) * count * thetaDim
        if output != .summary {
            writer.key("samples")
            writer.rows(draws.theta.span.extracting(range), columns: thetaDim)
        }
        if let logProb = draws.logProb {
            writer.key("log_prob")
            writer.numbers(logProb.span.extracting(place * count..<(place + 1) * count))
        }
        if output != .samples {
            writer.key("summary")
            PosteriorSummary(draws.theta[range], thetaDim: thetaDim, levels: levels)
                .write(to: &writer)
        }
    }
}
