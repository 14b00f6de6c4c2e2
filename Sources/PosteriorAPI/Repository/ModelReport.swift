public import ModelStore

/// What a look at the models directory changed, for the log.
public struct ModelReport: Sendable, Equatable {
    /// What is served that was not, such as `two_moons version 2`.
    public var added: [String] = []
    /// What is served from another file than before.
    public var replaced: [String] = []
    /// What is no longer served.
    public var removed: [String] = []
    /// What was refused that had not been refused before.
    public var refusals: [ModelRepository.Refusal] = []

    /// Whether there is anything to say.
    public var isEmpty: Bool { self == ModelReport() }

    /// Makes a report of nothing.
    public init(refusals: [ModelRepository.Refusal] = []) {
        self.refusals = refusals
    }

    /// Compares what was served with what is, each with a count of its replacements.
    init(
        from old: [String: Int],
        to new: [String: Int],
        refusals: [ModelRepository.Refusal]
    ) {
        added = new.keys.filter { old[$0] == nil }.sorted()
        replaced = new.keys.filter { old[$0] != nil && old[$0] != new[$0] }.sorted()
        removed = old.keys.filter { new[$0] == nil }.sorted()
        self.refusals = refusals
    }

    mutating func add(_ other: ModelReport) {
        added += other.added
        replaced += other.replaced
        removed += other.removed
        refusals += other.refusals
    }
}
