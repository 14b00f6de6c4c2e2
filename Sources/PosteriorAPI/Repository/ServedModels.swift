public import ModelStore
import Synchronization

/// The models that are served, read again when they change.
///
/// A change swaps one immutable catalogue for another, a whole model at a time. A request keeps
/// the version it began with; the old one's memory goes with the last of these. Files are read on
/// the thread of whoever asks, while requests are answered from the catalogue that is there.
public final class ServedModels: Sendable {
    /// A model as it is read, and what is served of it.
    private struct Held {
        var folder: ModelFolder
        var entries: [Int: (generation: Int, entry: ModelCatalog.Entry)] = [:]

        /// The versions in service and which of their files they come from.
        var served: [String: Int] {
            var served: [String: Int] = [:]
            for (number, entry) in entries {
                served["\(folder.name) version \(number)"] = entry.generation
            }
            return served
        }
    }

    private struct State {
        var held: [String: Held] = [:]
        /// The models that are wanted; nil for all that are there.
        var wanted: Set<String>?
        /// The models that somebody is reading just now.
        var busy: Set<String> = []
        /// The folders without a model's name that have been reported.
        var refusals: [ModelRepository.Refusal] = []
    }

    /// How the models change.
    public let control: ModelControl
    private let directory: String?
    private let loopTime: Duration
    private let metrics: ServiceMetrics?
    private let state = Mutex(State())
    /// What is served, apart from the state so that nobody waits who only looks it up.
    private let current = Mutex(ModelCatalog([:]))
    private let first = Mutex(ModelReport())

    /// Serves the models of a repository, which do not change.
    public convenience init(
        _ repository: ModelRepository,
        loopTime: Duration = ServiceLimits().loopTime,
        metrics: ServiceMetrics? = nil
    ) {
        self.init(control: .none, directory: nil, loopTime: loopTime, metrics: metrics)
        var entries: [String: [Int: ModelCatalog.Entry]] = [:]
        for model in repository.models {
            entries[model.name, default: [:]][model.version] = entry(of: model)
        }
        let catalog = ModelCatalog(entries)
        current.withLock { $0 = catalog }
    }

    /// Serves what is in a directory.
    ///
    /// - Parameters:
    ///   - directory: Where the models are.
    ///   - control: How they change.
    ///   - initial: With explicit control, the models to begin with; nil for all.
    ///   - loopTime: The longest that a request may occupy a connection's loop.
    ///   - metrics: Where it is recorded what was answered.
    /// - Throws: `ModelFileError` when the directory cannot be read.
    public convenience init(
        directory: String,
        control: ModelControl = .none,
        initial: [String]? = nil,
        loopTime: Duration = ServiceLimits().loopTime,
        metrics: ServiceMetrics? = nil
    ) throws(ModelFileError) {
        self.init(control: control, directory: directory, loopTime: loopTime, metrics: metrics)
        if control == .explicit { state.withLock { $0.wanted = initial.map(Set.init) } }
        let report = try refresh(care: .none)
        first.withLock { $0 = report }
    }

    private init(
        control: ModelControl,
        directory: String?,
        loopTime: Duration,
        metrics: ServiceMetrics?
    ) {
        self.control = control
        self.directory = directory
        self.loopTime = loopTime
        self.metrics = metrics
    }

    /// What was found at the start.
    public var firstReport: ModelReport { first.withLock { $0 } }

    /// What is served now.
    package var catalog: ModelCatalog { current.withLock { $0 } }

    /// What is served under a name and a version now.
    package func entry(_ name: String, version: Int) -> ModelCatalog.Entry? {
        catalog.entries.first { $0.name == name && $0.version == version }
    }

    /// Whether there is something to serve, or is meant to be nothing yet.
    var isReady: Bool { control == .explicit || !catalog.names.isEmpty }

    /// Looks at the directory as time passes; with `.poll` control alone this changes anything.
    ///
    /// Files that are still being written are left alone: a file is read when it is the same at
    /// two looks, and a model is given up when it is missing at two.
    ///
    /// - Throws: `ModelFileError` when the directory cannot be read; everything stays as it is.
    public func poll() throws(ModelFileError) -> ModelReport {
        control == .poll ? try refresh(care: .settled) : ModelReport()
    }

    /// Looks at the directory because the operator says that it is complete.
    ///
    /// With explicit control, models that were not asked for stay away.
    ///
    /// - Throws: `ModelFileError` when the directory cannot be read; everything stays as it is.
    public func reload() throws(ModelFileError) -> ModelReport {
        try refresh(care: .none)
    }

    private func refresh(care: ModelFolder.Care) throws(ModelFileError) -> ModelReport {
        guard let directory else { return ModelReport() }
        let listing = try ModelsDirectory(path: directory)
        var report = ModelReport()
        let names = state.withLock { state in
            report.refusals = listing.refusals.filter { !state.refusals.contains($0) }
            state.refusals = listing.refusals
            let present = listing.names.filter { state.wanted?.contains($0) ?? true }
            return Set(present).union(state.held.keys).sorted()
        }
        for name in names {
            guard let held = begin(name) else { continue }
            report.add(finish(held, listing, care: care))
        }
        return report
    }

    // MARK: One model

    /// Takes a model to work on; nil while somebody else does.
    private func begin(_ name: String) -> Held? {
        state.withLock { state in
            guard state.busy.insert(name).inserted else { return nil }
            return state.held[name] ?? Held(folder: ModelFolder(name: name))
        }
    }

    /// Reads what has changed of a model, and serves it.
    private func finish(
        _ old: Held,
        _ listing: ModelsDirectory,
        care: ModelFolder.Care
    ) -> ModelReport {
        var held = old
        let refusals = held.folder.refresh(from: listing, care: care)
        held.entries = [:]
        for (number, version) in held.folder.versions {
            guard let model = version.model else { continue }
            if let known = old.entries[number], known.generation == version.generation {
                held.entries[number] = known
            } else {
                held.entries[number] = (version.generation, entry(of: model))
            }
        }
        commit(held)
        return ModelReport(from: old.served, to: held.served, refusals: refusals)
    }

    private func commit(_ held: Held) {
        let name = held.folder.name
        state.withLock { state in
            state.busy.remove(name)
            state.held[name] = held.folder.isEmpty ? nil : held
            let new = ModelCatalog(state.held.mapValues { $0.entries.mapValues(\.entry) })
            current.withLock { $0 = new }
        }
        let catalog = catalog
        metrics?.keepModels { catalog.versions($0).contains($1) }
    }

    private func entry(of model: ModelRepository.Model) -> ModelCatalog.Entry {
        ModelCatalog.Entry(model, loopTime: loopTime, metrics: metrics)
    }
}

// MARK: Explicit control

extension ServedModels {
    /// Reads a model and serves all its versions; one that is served is read again.
    ///
    /// - Throws: `APIError` when this is not the way models change, when somebody else is at it,
    ///   when there is no such model, or when none of its files can be served. What was served
    ///   before still is.
    func load(_ name: String) throws(APIError) {
        let listing = try listing()
        guard listing.names.contains(name) else { throw .unknownModel(name) }
        guard let held = begin(name) else { throw .modelBusy(name) }
        let report = finish(held, listing, care: .none)
        let (problem, isServed) = state.withLock { state in
            let held = state.held[name]
            let problem = held?.folder.versions.sorted { $0.key > $1.key }
                .lazy.compactMap(\.value.problem).first
            return (problem ?? report.refusals.first?.reason, held?.entries.isEmpty == false)
        }
        if let problem {
            if !isServed { state.withLock { $0.held[name] = nil } }
            throw .unusableModel(name, reason: problem)
        }
        guard isServed else {
            state.withLock { $0.held[name] = nil }
            throw .unusableModel(name, reason: "it has no version")
        }
        state.withLock { _ = $0.wanted?.insert(name) }
    }

    /// Stops serving a model; requests in progress finish.
    ///
    /// - Throws: `APIError` when this is not the way models change, when somebody else is at it,
    ///   or when no such model is served.
    func unload(_ name: String) throws(APIError) {
        _ = try listing()
        guard catalog.names.contains(name) else { throw .unknownModel(name) }
        guard begin(name) != nil else { throw .modelBusy(name) }
        state.withLock { state in
            if state.wanted == nil { state.wanted = Set(state.held.keys) }
            state.wanted?.remove(name)
        }
        commit(Held(folder: ModelFolder(name: name)))
    }

    private func listing() throws(APIError) -> ModelsDirectory {
        guard control == .explicit, let directory else { throw .modelControlOff(control) }
        do throws(ModelFileError) {
            return try ModelsDirectory(path: directory)
        } catch {
            throw .notReady(reason: "the models directory cannot be read")
        }
    }

    /// One row of the index: a version, or a model without one.
    struct IndexRow {
        enum State: String {
            case ready = "READY"
            case loading = "LOADING"
            case unavailable = "UNAVAILABLE"
        }

        var name: String
        var version: Int?
        var state: State
        var reason: String
    }

    /// Every model on the disk and in service, by name and version.
    ///
    /// - Throws: `APIError` where models do not change.
    func index() throws(APIError) -> [IndexRow] {
        guard control != .none else { throw .modelControlOff(control) }
        let onDisk = directory.flatMap { try? ModelsDirectory(path: $0) }
        return state.withLock { state in
            Set(onDisk?.names ?? []).union(state.held.keys).sorted().flatMap { name in
                let isBusy = state.busy.contains(name)
                guard let held = state.held[name] else {
                    let reason = isBusy ? "" : "not loaded"
                    let now: IndexRow.State = isBusy ? .loading : .unavailable
                    return [IndexRow(name: name, version: nil, state: now, reason: reason)]
                }
                return held.folder.versions.sorted { $0.key < $1.key }.map { number, version in
                    let isServed = held.entries[number] != nil
                    var reason = version.problem ?? ""
                    if isServed, version.problem != nil {
                        reason = "the file read before is served; the one now there: \(reason)"
                    }
                    return IndexRow(
                        name: name,
                        version: number,
                        state: isServed ? .ready : isBusy ? .loading : .unavailable,
                        reason: reason
                    )
                }
            }
        }
    }
}
