/// Where a run keeps its state, so that it can go on after an interruption.
public struct CheckpointFile: Sendable, Equatable {
    /// The file.
    public let path: String
    /// Whether to go on from the file if it is there.
    public let resumes: Bool
    /// The least time between two writes.
    public let interval: Duration

    /// Makes a value from a path.
    ///
    /// - Parameters:
    ///   - path: The file; its directory must exist.
    ///   - resumes: Whether to go on from the file if it is there; otherwise it is replaced.
    ///   - interval: The least time between two writes; the last one is always made.
    public init(path: String, resumes: Bool, interval: Duration = .seconds(10)) {
        self.path = path
        self.resumes = resumes
        self.interval = interval
    }

    /// The state to go on from, or nil to start afresh.
    func load(settings: [(name: String, value: String)]) throws(TrainingError) -> TrainingState? {
        guard resumes, let bytes = try AtomicFile.read(path) else { return nil }
        let checkpoint = try Checkpoint(bytes: bytes)
        try checkpoint.check(settings: settings)
        return checkpoint.state
    }

    /// Writes a state.
    func save(
        _ state: TrainingState,
        settings: [(name: String, value: String)]
    ) throws(TrainingError) {
        try AtomicFile.write(Checkpoint(settings: settings, state: state).bytes, to: path)
    }
}
