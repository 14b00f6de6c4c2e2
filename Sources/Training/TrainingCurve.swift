public import Plots

extension TrainingHistory {
    /// The losses against the epoch, with the epoch whose weights were kept.
    ///
    /// The first epochs may lie far above the rest: the vertical axis ends at twice the height
    /// below which four fifths of the losses lie.
    ///
    /// - Parameter title: What is written above the curve.
    /// - Returns: A chart to draw.
    public func curve(title: String) -> LineChart {
        let epochs = (0..<trainingLosses.count).map { Double($0 + 1) }
        let ascending = (trainingLosses + validationLosses).filter(\.isFinite).sorted()
        var range: ClosedRange<Double>?
        if let lowest = ascending.first, let highest = ascending.last {
            let typical = ascending[(ascending.count - 1) * 4 / 5]
            let top = min(highest, lowest + 2 * (typical - lowest))
            let margin = 0.04 * (top - lowest)
            if top > lowest { range = (lowest - margin)...(top + margin) }
        }
        return LineChart(
            title: title,
            xAxis: Axis("epoch"),
            yAxis: Axis("mean loss −log q(θ | x), nats", range: range),
            series: [
                .init("training", x: epochs, y: trainingLosses),
                .init("validation", x: epochs, y: validationLosses),
            ],
            marks: [
                .init(
                    "best: epoch \(best.epoch)",
                    x: Double(best.epoch),
                    y: best.validationLoss
                )
            ]
        )
    }
}
