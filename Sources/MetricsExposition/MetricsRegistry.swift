public import CoreMetrics
import Synchronization

/// The metrics of a process: a backend of swift-metrics that shows what was recorded.
///
/// Only metrics that were defined are kept, with the labels they were defined with; anything else
/// that is recorded goes nowhere. So is what comes beyond a number of series that no honest use
/// reaches: nothing that clients send can fill the memory.
public final class MetricsRegistry: MetricsFactory, Sendable {
    /// The most series of one metric.
    static let seriesLimit = 4096

    /// A metric and its series, sorted by their labels.
    struct Family {
        let definition: MetricDefinition
        let prometheusHead: [UInt8]
        let openMetricsHead: [UInt8]
        var series: [MetricSeries] = []

        init(_ definition: MetricDefinition) {
            self.definition = definition
            prometheusHead = ExpositionText.head(of: definition, .prometheus)
            openMetricsHead = ExpositionText.head(of: definition, .openMetrics)
        }

        /// Where the series of some labels is, or where it would have to be.
        func place(of labels: String) -> (index: Int, isTaken: Bool) {
            var (low, high) = (0, series.count)
            while low < high {
                let middle = (low + high) / 2
                if series[middle].labels < labels { low = middle + 1 } else { high = middle }
            }
            return (low, low < series.count && series[low].labels == labels)
        }
    }

    /// In the order in which they were defined.
    private let families: Mutex<[Family]>
    private let places: [String: Int]
    private let collectors = Mutex<[@Sendable () -> Void]>([])

    /// Makes a registry for some metrics.
    public init(_ definitions: [MetricDefinition]) {
        families = Mutex(definitions.map(Family.init))
        places = Dictionary(
            definitions.enumerated().map { ($1.name, $0) },
            uniquingKeysWith: { first, _ in first }
        )
    }

    /// Adds something to call before the metrics are shown, that brings gauges up to date.
    public func collect(_ collector: @escaping @Sendable () -> Void) {
        collectors.withLock { $0.append(collector) }
    }

    /// Shows the metrics that have series, up to date; meanwhile none is added or forgotten.
    func forEachFamily(_ body: (borrowing Family) -> Void) {
        for collector in collectors.withLock({ $0 }) { collector() }
        families.withLock { families in
            for index in families.indices where !families[index].series.isEmpty {
                body(families[index])
            }
        }
    }

    private func series(
        _ name: String,
        _ dimensions: [(String, String)]
    ) -> MetricSeries.Handler? {
        guard let place = places[name] else { return nil }
        return families.withLock { families in
            let family = families[place]
            let definition = family.definition
            guard Set(dimensions.map(\.0)) == Set(definition.labels),
                dimensions.count == definition.labels.count
            else { return nil }
            let labels = Self.text(definition.labels, dimensions)
            let (index, isTaken) = family.place(of: labels)
            if isTaken { return family.series[index].handler }
            guard family.series.count < Self.seriesLimit else { return nil }
            let series = MetricSeries(of: definition, labels: labels)
            families[place].series.insert(series, at: index)
            return series.handler
        }
    }

    private func number(_ name: String, _ dimensions: [(String, String)]) -> NumberHandler {
        if case .number(let handler) = series(name, dimensions) { return handler }
        return NumberHandler()
    }

    /// Labels between braces; backslash, quote and line feed are escaped.
    private static func text(_ labels: [String], _ dimensions: [(String, String)]) -> String {
        labels.map { label in
            let value = dimensions.first { $0.0 == label }?.1 ?? ""
            return "\(label)=\"\(ExpositionText.escaped(value, quotes: true))\""
        }.joined(separator: ",")
    }

    private func remove(_ handler: AnyObject) {
        families.withLock { families in
            for index in families.indices {
                families[index].series.removeAll { series in
                    switch series.handler {
                    case .number(let number): number === handler
                    case .histogram(let histogram): histogram === handler
                    }
                }
            }
        }
    }
}

// MARK: MetricsFactory

extension MetricsRegistry {
    /// The counter of a name and labels.
    public func makeCounter(
        label: String,
        dimensions: [(String, String)]
    ) -> any CounterHandler { number(label, dimensions) }

    /// The counter of a name and labels, for amounts that are no whole numbers.
    public func makeFloatingPointCounter(
        label: String,
        dimensions: [(String, String)]
    ) -> any FloatingPointCounterHandler { number(label, dimensions) }

    /// The gauge of a name and labels.
    public func makeMeter(
        label: String,
        dimensions: [(String, String)]
    ) -> any MeterHandler { number(label, dimensions) }

    /// The histogram of a name and labels, or a gauge where one is defined.
    public func makeRecorder(
        label: String,
        dimensions: [(String, String)],
        aggregate: Bool
    ) -> any RecorderHandler {
        switch series(label, dimensions) {
        case .number(let handler): handler
        case .histogram(let handler): handler
        case nil: NumberHandler()
        }
    }

    /// The histogram of a name and labels, in seconds.
    public func makeTimer(
        label: String,
        dimensions: [(String, String)]
    ) -> any TimerHandler {
        if case .histogram(let handler) = series(label, dimensions) { return handler }
        return HistogramHandler(bounds: [])
    }

    /// Forgets a counter.
    public func destroyCounter(_ handler: any CounterHandler) { remove(handler) }

    /// Forgets a counter.
    public func destroyFloatingPointCounter(_ handler: any FloatingPointCounterHandler) {
        remove(handler)
    }

    /// Forgets a gauge.
    public func destroyMeter(_ handler: any MeterHandler) { remove(handler) }

    /// Forgets a histogram.
    public func destroyRecorder(_ handler: any RecorderHandler) { remove(handler) }

    /// Forgets a histogram.
    public func destroyTimer(_ handler: any TimerHandler) { remove(handler) }
}
