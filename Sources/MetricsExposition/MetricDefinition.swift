/// What a metric is called, what it counts and by which labels: the line of a table that the
/// exposition and the documentation both follow.
public struct MetricDefinition: Sendable, Equatable {
    /// How values of a metric combine.
    public enum Kind: Sendable, Equatable {
        /// Rises, and starts at zero with the process; the name ends in `_total`.
        case counter
        /// Goes up and down.
        case gauge
        /// Counts of values up to each of some rising bounds.
        case histogram(bounds: [Double])
    }

    /// The name as it is exposed.
    public let name: String
    /// How values combine.
    public let kind: Kind
    /// One sentence.
    public let help: String
    /// The names of the labels, in the order in which they are written.
    public let labels: [String]

    /// Defines a metric.
    ///
    /// - Parameters:
    ///   - name: The name as it is exposed; a counter's ends in `_total`.
    ///   - kind: How values combine.
    ///   - help: One sentence.
    ///   - labels: The names of the labels, none of them chosen by clients.
    public init(_ name: String, _ kind: Kind, _ help: String, labels: [String] = []) {
        precondition(
            kind != .counter || name.hasSuffix("_total"),
            "the counter \(name) does not end in _total"
        )
        self.name = name
        self.kind = kind
        self.help = help
        self.labels = labels
    }
}
