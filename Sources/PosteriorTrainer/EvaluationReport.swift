import Foundation
import Plots
import Robustness
import Simulators
import StrictJSON
import Training

/// What an evaluation found, as text, JSON and pictures.
struct EvaluationReport: CustomStringConvertible {
    /// The file beside the model that the server shows.
    static let fileName = "evaluation.json"
    /// The files of the pictures beside it.
    private static let chartFiles = (
        divergences: "evaluation-kl.svg", coverage: "evaluation-coverage.svg",
        scores: "evaluation-score.svg"
    )

    /// Removes what an evaluation left in a folder: it does not hold for a new model.
    static func remove(from directory: String) {
        let files = [fileName, chartFiles.divergences, chartFiles.coverage, chartFiles.scores]
        for file in files { try? FileManager.default.removeItem(atPath: "\(directory)/\(file)") }
    }

    /// How it was measured.
    let settings: RobustnessEvaluation
    /// What it was measured on.
    let data: EvaluationData
    /// The names of the parameters, if they have names.
    let thetaNames: [String]?
    /// What was found.
    let result: RobustnessResult

    /// Which divergence the attack makes large.
    private var isAttackedFirst: Bool { settings.attack.objective == .klAttackedClean }

    /// The name of the divergence the attack makes large.
    private var objective: String { isAttackedFirst ? "kl_attacked_clean" : "kl_clean_attacked" }

    /// The divergence the attack makes large.
    private func divergence(_ perturbed: RobustnessResult.Perturbed) -> ValueSummary {
        isAttackedFirst ? perturbed.klAttackedClean : perturbed.klCleanAttacked
    }

    /// A table for people.
    var description: String {
        var lines = [
            String(
                format: "loss %.4f ± %.4f nats on %d observations",
                result.nll.mean,
                result.nll.standardError,
                result.observations
            )
        ]
        if let reference = data.referenceNLL {
            lines[0] += String(format: "; exact posterior %.4f", reference.mean)
        }
        lines.append(
            String(
                format: "coverage area %+.4f (calibrated: 0 ± %.4f), ranks p = %.3g",
                result.coverage.signedArea,
                result.coverage.signedAreaStandardError,
                result.calibration.pValue
            )
        )
        lines.append("")
        lines.append("median \(objective), 15 % and 85 % quantiles of the attack:")
        lines.append(
            "    ε     attack      15 %      85 %     noise  predicted  score  coverage area"
        )
        for level in result.levels {
            let attack = divergence(level.attack)
            lines.append(
                String(
                    format: "%5g %10.4g %9.3g %9.3g %9.3g %10.3g %6.3f %+14.3f",
                    level.epsilon,
                    attack.median,
                    attack.lowerQuantile,
                    attack.upperQuantile,
                    divergence(level.noise).median,
                    level.predictedKL.median,
                    level.score.median,
                    level.attack.coverage.signedArea
                )
            )
        }
        guard !result.checks.isEmpty else { return lines.joined(separator: "\n") }
        lines.append("")
        lines += result.checks.map(line(of:))
        return lines.joined(separator: "\n")
    }

    /// A check in one line.
    private func line(of check: MaskingCheck) -> String {
        let outcome = check.isPassed ? "pass" : "FAIL"
        let numbers = String(
            format: "ε = %g: %.4g against %.4g",
            check.epsilon,
            check.median,
            check.comparedWith
        )
        let words =
            switch check.kind {
            case .strongerAttack: "more steps and starts find no less"
            case .noise: "noise finds no more"
            case .randomSearch: "random search finds no more"
            case .oneStep: "one step finds no more"
            case .largeEpsilon: "a large ε breaks the posterior"
            }
        return "\(outcome)  \(words) (\(numbers))"
    }
}

// As JSON.
extension EvaluationReport {
    /// The document of `evaluation.json`; no times, so that the same command writes the same bytes.
    var json: [UInt8] {
        var writer = JSONWriter(capacity: 1 << 16)
        writer.beginObject()
        writer.key("software_version")
        writer.string("posterior-server \(PosteriorTrainer.release)")
        if let task = data.task {
            writer.key("task")
            writer.string(task.name)
        }
        writer.key("observations")
        writer.integer(result.observations)
        writer.key("seed")
        writer.integer(settings.attack.seed)
        writer.key("data_scale")
        writer.number(settings.dataScale)
        writer.key("nll")
        writer.estimate(result.nll)
        if let reference = data.referenceNLL {
            writer.key("reference_nll")
            writer.estimate(
                MonteCarloEstimate(mean: reference.mean, standardError: reference.standardError)
            )
        }
        writer.key("coverage_draws")
        writer.integer(settings.coverageDraws)
        writer.key("coverage_levels")
        writer.numbers(ExpectedCoverage.levels)
        writer.key("coverage")
        writer.coverage(result.coverage)
        writer.key("sbc")
        writer.calibration(result.calibration, names: thetaNames)
        writer.key("fisher_trace")
        writer.summary(result.fisherTrace)
        writer.key("largest_eigenvalue")
        writer.summary(result.largestEigenvalue)
        writer.key("attack")
        writer.attack(settings.attack, objective: objective)
        writer.key("levels")
        writer.beginArray()
        for level in result.levels { writer.level(level) }
        writer.endArray()
        writer.key("masking_checks")
        writer.beginArray()
        for check in result.checks { writer.check(check) }
        writer.endArray()
        writer.endObject()
        return writer.finish() + Array("\n".utf8)
    }
}

extension JSONWriter {
    fileprivate mutating func estimate(_ estimate: MonteCarloEstimate) {
        beginObject()
        key("mean")
        number(estimate.mean)
        key("standard_error")
        number(estimate.standardError)
        endObject()
    }

    fileprivate mutating func summary(_ summary: ValueSummary) {
        beginObject()
        key("median")
        number(summary.median)
        key("mean")
        number(summary.mean)
        key("quantile_15")
        number(summary.lowerQuantile)
        key("quantile_85")
        number(summary.upperQuantile)
        key("replaced")
        integer(summary.replacedCount)
        endObject()
    }

    fileprivate mutating func coverage(_ coverage: ExpectedCoverage) {
        beginObject()
        key("coverage")
        numbers(coverage.coverage)
        key("signed_area")
        number(coverage.signedArea)
        key("absolute_area")
        number(coverage.absoluteArea)
        endObject()
    }

    fileprivate mutating func calibration(
        _ calibration: SimulationBasedCalibration,
        names: [String]?
    ) {
        beginObject()
        key("p_value")
        number(calibration.pValue)
        key("parameters")
        beginArray()
        for (index, parameter) in calibration.parameters.enumerated() {
            beginObject()
            key("name")
            string(names?[index] ?? "theta_\(index + 1)")
            key("histogram")
            integers(parameter.histogram)
            key("chi_squared")
            number(parameter.chiSquared)
            key("p_value")
            number(parameter.pValue)
            endObject()
        }
        endArray()
        endObject()
    }

    fileprivate mutating func attack(_ attack: Attack, objective: String) {
        beginObject()
        key("method")
        string(attack.method.rawValue)
        key("gradient")
        string(attack.gradient.rawValue)
        key("objective")
        string(objective)
        key("norm")
        string(attack.norm.rawValue)
        key("steps")
        integer(attack.steps)
        key("step_size")
        number(attack.stepSize)
        key("draws")
        integer(attack.draws)
        key("restarts")
        integer(attack.restarts)
        key("evaluation_draws")
        integer(attack.evaluationDraws)
        if let clip = attack.clip {
            key("clip")
            numbers([Double(clip.lowerBound), Double(clip.upperBound)])
        }
        endObject()
    }

    fileprivate mutating func level(_ level: RobustnessResult.Level) {
        beginObject()
        key("epsilon")
        number(level.epsilon)
        key("epsilon_absolute")
        number(level.radius)
        for (name, perturbed) in [("attack", level.attack), ("noise", level.noise)] {
            key(name)
            beginObject()
            key("kl_clean_attacked")
            summary(perturbed.klCleanAttacked)
            key("kl_attacked_clean")
            summary(perturbed.klAttackedClean)
            key("nll")
            summary(perturbed.nll)
            key("coverage")
            coverage(perturbed.coverage)
            endObject()
        }
        key("predicted_kl")
        summary(level.predictedKL)
        key("score")
        summary(level.score)
        endObject()
    }

    fileprivate mutating func check(_ check: MaskingCheck) {
        beginObject()
        key("check")
        string(check.kind.rawValue)
        key("passed")
        boolean(check.isPassed)
        key("epsilon")
        number(check.epsilon)
        key("median")
        number(check.median)
        key("compared_with")
        number(check.comparedWith)
        if let advantage = check.advantage {
            key("advantage")
            estimate(advantage)
        }
        endObject()
    }
}

// As pictures.
extension EvaluationReport {
    /// The pictures and the files they go to.
    var charts: [(file: String, svg: String)] {
        [
            (Self.chartFiles.divergences, divergences.svg),
            (Self.chartFiles.coverage, coverage.svg),
            (Self.chartFiles.scores, scores.svg),
        ]
    }

    private var epsilons: [Double] { result.levels.map(\.epsilon) }

    /// Divergences against ε.
    private var divergences: LineChart {
        let operands = isAttackedFirst ? "q(· | x̃) ‖ q(· | x)" : "q(· | x) ‖ q(· | x̃)"
        func line(
            _ name: String,
            isDashed: Bool = false,
            _ value: (RobustnessResult.Level) -> Double
        ) -> LineChart.Series {
            .init(name, x: epsilons, y: result.levels.map(value), isDashed: isDashed)
        }
        return LineChart(
            title: "How far perturbations move the posterior",
            xAxis: Axis("ε, in units of the data scale", scale: .logarithmic),
            yAxis: Axis("KL(\(operands)), nats", scale: .logarithmic),
            series: [
                line("attack, median") { divergence($0.attack).median },
                line("attack, 15 %", isDashed: true) { divergence($0.attack).lowerQuantile },
                line("attack, 85 %", isDashed: true) { divergence($0.attack).upperQuantile },
                line("noise, median") { divergence($0.noise).median },
                line("½ ε² λmax, median", isDashed: true) { $0.predictedKL.median },
            ]
        )
    }

    /// Coverage against credibility, clean and at up to five radii.
    private var coverage: LineChart {
        let levels = ExpectedCoverage.levels
        let count = result.levels.count
        let shown =
            count <= 5
            ? result.levels : (0..<5).map { result.levels[$0 * (count - 1) / 4] }
        return LineChart(
            title: "Expected coverage",
            xAxis: Axis("credibility level", range: 0...1),
            yAxis: Axis("share of θ* covered", range: 0...1),
            series: [
                .init("calibrated", x: [0, 1], y: [0, 1], isDashed: true),
                .init("clean", x: levels, y: result.coverage.coverage),
            ]
                + shown.map {
                    .init("attack, ε = \($0.epsilon)", x: levels, y: $0.attack.coverage.coverage)
                }
        )
    }

    /// Scores against ε.
    private var scores: LineChart {
        func line(
            _ name: String,
            isDashed: Bool,
            _ value: KeyPath<ValueSummary, Double>
        )
            -> LineChart.Series
        {
            let values = result.levels.map { $0.score[keyPath: value] }
            return .init(name, x: [0] + epsilons, y: [1] + values, isDashed: isDashed)
        }
        return LineChart(
            title: "Robustness score: overlap that the strongest attack found leaves, at least",
            xAxis: Axis("ε, in units of the data scale"),
            yAxis: Axis("1 − √(1 − exp(−KL))", range: 0...1),
            series: [
                line("median", isDashed: false, \.median),
                line("15 %", isDashed: true, \.lowerQuantile),
                line("85 %", isDashed: true, \.upperQuantile),
            ]
        )
    }
}
