import Foundation
import Plots

/// The table and the pictures of figure 5.
struct Figure5Report {
    /// The file of the table.
    static let tableFile = "summary.md"

    /// What was found, in the order of the table.
    let results: [FigureResult]

    /// A table in Markdown: published figures in brackets.
    var table: String {
        var lines = [
            "# Defenses against attacks",
            "",
            """
            Median KL(q(· | x̃) ‖ q(· | x)) under attack at ε, signed coverage area on clean (0) and attacked \
            observations, loss on clean observations, seconds of training and the ratio of its \
            processor time to that without defense. In brackets what was published for masked autoregressive \
            flows on 10⁵ simulations (Glöckler et al. 2023); the decoder of `digits_vae` is our own.
            """,
            "",
            "| task | estimator | defense | KL 0.1 | KL 0.2 | KL 0.3 | KL 0.5 | KL 1 | KL 2 "
                + "| area 0 | area 0.5 | area 1 | loss | seconds | ratio | failed checks |",
            "|---|---|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|---|",
        ]
        lines += results.map(row(of:))
        return lines.joined(separator: "\n") + "\n"
    }

    private func row(of result: FigureResult) -> String {
        let isPublished = result.estimator == .maf
        let medians =
            isPublished
            ? PublishedRobustness.medians(task: result.task, defense: result.defense) : nil
        let areas =
            isPublished
            ? PublishedRobustness.areas(task: result.task, defense: result.defense) : nil
        func divergence(_ epsilon: Double) -> String {
            let published = PublishedRobustness.epsilons.firstIndex(of: epsilon)
                .flatMap { index in medians.map { $0[index] } }
            return cell("%.3g", result.level(epsilon)?.median, published)
        }
        func area(_ epsilon: Double) -> String {
            let published = PublishedRobustness.areaEpsilons.firstIndex(of: epsilon)
                .flatMap { index in areas.map { $0[index] } }
            let own = epsilon == 0 ? result.cleanArea : result.level(epsilon)?.area
            return cell("%+.3f", own, published)
        }
        let cells =
            [result.task, result.estimator.rawValue, result.defense.rawValue]
            + PublishedRobustness.epsilons.map(divergence)
            + [
                area(0), area(0.5), area(1), cell("%.3f", result.nll, nil),
                cell("%.1f", result.seconds.elapsed, nil),
                cell(
                    "%.2f",
                    timeRatio(of: result),
                    isPublished ? PublishedRobustness.trainingTimeRatios[result.defense] : nil
                ), result.failedChecks.joined(separator: ", "),
            ]
        return "| \(cells.joined(separator: " | ")) |"
    }

    /// The training time of a result over that of the same estimator without defense.
    private func timeRatio(of result: FigureResult) -> Double? {
        results.first {
            $0.task == result.task && $0.estimator == result.estimator && $0.defense == .none
        }.map { result.seconds.ratio(to: $0.seconds) }
    }

    /// A number and, in brackets, the published one.
    private func cell(_ format: String, _ own: Double?, _ published: Double?) -> String {
        let text = own.map { String(format: format, $0) } ?? "–"
        return published.map { "\(text) (\(String(format: format, $0)))" } ?? text
    }

    /// The pictures and the files they go to: four for each task and estimator.
    var charts: [(file: String, svg: String)] {
        var groups: [(task: String, estimator: EstimatorFamily)] = []
        for result in results
        where !groups.contains(where: { $0 == (result.task, result.estimator) }) {
            groups.append((result.task, result.estimator))
        }
        return groups.flatMap { task, estimator in
            let own = results.filter { $0.task == task && $0.estimator == estimator }
            let name = "\(task)-\(estimator.rawValue)"
            return [
                ("\(name)-kl.svg", divergences(own, title: "\(task), \(estimator.rawValue)").svg),
                ("\(name)-coverage.svg", areas(own, title: "\(task), \(estimator.rawValue)").svg),
                (
                    "\(name)-trade-off.svg",
                    tradeOff(own, title: "\(task), \(estimator.rawValue)").svg
                ), ("\(name)-cost.svg", costs(own, title: "\(task), \(estimator.rawValue)").svg),
            ]
        }
    }

    /// Divergences against ε: ours in full lines, published ones dashed in the same colour.
    private func divergences(_ results: [FigureResult], title: String) -> LineChart {
        paired(
            results,
            title: title,
            yAxis: Axis("median KL(q(· | x̃) ‖ q(· | x)), nats", scale: .logarithmic),
            xAxis: Axis("ε, in units of the data scale", scale: .logarithmic)
        ) { result in
            (result.levels.map(\.epsilon), result.levels.map(\.median))
        } published: { result in
            PublishedRobustness.medians(task: result.task, defense: result.defense)
                .map { (PublishedRobustness.epsilons, $0) }
        }
    }

    /// Coverage areas against ε, in the same way.
    private func areas(_ results: [FigureResult], title: String) -> LineChart {
        paired(
            results,
            title: title,
            yAxis: Axis("signed coverage area", range: -0.5...0.5),
            xAxis: Axis("ε, in units of the data scale")
        ) { result in
            ([0] + result.levels.map(\.epsilon), [result.cleanArea] + result.levels.map(\.area))
        } published: { result in
            PublishedRobustness.areas(task: result.task, defense: result.defense)
                .map { (PublishedRobustness.areaEpsilons, $0) }
        }
    }

    private func paired(
        _ results: [FigureResult],
        title: String,
        yAxis: Axis,
        xAxis: Axis,
        own: (FigureResult) -> (x: [Double], y: [Double]),
        published: (FigureResult) -> (x: [Double], y: [Double])?
    ) -> LineChart {
        var series: [LineChart.Series] = []
        for (colour, result) in results.enumerated() {
            let line = own(result)
            series.append(
                .init(result.defense.rawValue, x: line.x, y: line.y, colour: colour)
            )
            guard result.estimator == .maf, let line = published(result) else { continue }
            series.append(
                .init(
                    "\(result.defense.rawValue), published",
                    x: line.x,
                    y: line.y,
                    isDashed: true,
                    colour: colour
                )
            )
        }
        return LineChart(title: title, xAxis: xAxis, yAxis: yAxis, series: series)
    }

    /// Accuracy against robustness: each defense a mark, beside the published line of Fisher
    /// regularisation.
    private func tradeOff(_ results: [FigureResult], title: String) -> LineChart {
        let published = PublishedRobustness.tradeOff(task: results.first?.task ?? "")
        return LineChart(
            title: title,
            xAxis: Axis("loss −log q(θ* | x) on clean observations, nats"),
            yAxis: Axis("mean KL(q(· | x̃) ‖ q(· | x)) at ε = 2, nats", scale: .logarithmic),
            series: [
                .init(
                    "fim, published, β from \(published.first?.beta ?? 0) on",
                    x: published.map(\.nll),
                    y: published.map(\.meanDivergence),
                    isDashed: true
                )
            ],
            marks: results.compactMap { result in
                result.level(2).map { .init(result.defense.rawValue, x: result.nll, y: $0.mean) }
            }
        )
    }

    /// Robustness against the time training takes: each defense a mark, and the published one, whose
    /// time is a mean over the tasks, beside it.
    private func costs(_ results: [FigureResult], title: String) -> LineChart {
        let index = PublishedRobustness.epsilons.firstIndex(of: 1)
        return LineChart(
            title: title,
            xAxis: Axis("training time over that without defense", scale: .logarithmic),
            yAxis: Axis("median KL(q(· | x̃) ‖ q(· | x)) at ε = 1, nats", scale: .logarithmic),
            series: [],
            marks: results.flatMap { result -> [LineChart.Mark] in
                let own = timeRatio(of: result).flatMap { ratio in
                    result.level(1).map {
                        LineChart.Mark(result.defense.rawValue, x: ratio, y: $0.median)
                    }
                }
                let medians = PublishedRobustness.medians(
                    task: result.task,
                    defense: result.defense
                )
                let ratio =
                    result.defense == .none
                    ? 1 : PublishedRobustness.trainingTimeRatios[result.defense]
                guard result.estimator == .maf, let index, let medians, let ratio else {
                    return [own].compactMap { $0 }
                }
                let name = "\(result.defense.rawValue), published"
                return [own, LineChart.Mark(name, x: ratio, y: medians[index])].compactMap { $0 }
            }
        )
    }
}
