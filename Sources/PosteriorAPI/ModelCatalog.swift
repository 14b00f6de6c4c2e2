import Estimators
import HTTPMessages
import ModelStore
import Synchronization

/// The models a service answers for, found by name and version.
package struct ModelCatalog: Sendable {
    /// A model and what was measured of it.
    package final class Entry: Sendable {
        let model: ModelRepository.Model
        let name: String
        let version: Int
        let posterior: Posterior
        /// What an observation looks like.
        let xShape: ObservationShape
        /// So many draws or densities are worked out well within `ServiceLimits.loopTime`.
        let quickDraws: Int
        /// What lies inside the prior, where the density has mass outside.
        let acceptanceRates: AcceptanceRates
        /// Where it is recorded what was answered.
        let metrics: ModelMetrics?
        /// How its requests went.
        let statistics = ModelStatistics()
        private let planned = Mutex<PosteriorSensitivity?>(nil)

        /// The scale s of the model's data, where it is known.
        var dataScale: Double? { model.file.metadata.dataScale }

        /// How the posterior moves with its observation: planned when it is first asked for, which
        /// takes milliseconds, and then shared by all requests.
        var sensitivity: PosteriorSensitivity {
            planned.withLock { planned in
                let sensitivity = planned ?? PosteriorSensitivity(posterior)
                planned = sensitivity
                return sensitivity
            }
        }

        /// How many numbers an example of an observation has: one trial where there are trials.
        var exampleWidth: Int {
            let extents = xShape.hasTrials ? Array(xShape.extents.dropFirst()) : xShape.extents
            return extents.reduce(1, *)
        }

        /// Numbers that a draw and its score take.
        var scoreWidth: Int { 1 + posterior.thetaDim + posterior.contextDim }

        init(_ model: ModelRepository.Model, loopTime: Duration, metrics: ServiceMetrics?) {
            self.model = model
            name = model.name
            version = model.version
            self.metrics = metrics?.model(model.name, version: model.version)
            posterior = model.file.posterior
            acceptanceRates = AcceptanceRates(of: model.file.posterior)
            xShape = ObservationShape(
                extents: model.file.metadata.x.shape,
                of: model.file.posterior
            )
            quickDraws = QuickWork.draws(of: model.file.posterior, within: loopTime)
        }
    }

    /// What there is to GET of a version, made once.
    private struct Pages {
        /// What `GET /v1/models/…` says.
        let card: [UInt8]
        /// What `GET /v2/models/…` says.
        let metadata: [UInt8]
    }

    private struct Versions {
        var entries: [Int: Entry] = [:]
        var latest: Entry
        var pages: [Int: Pages] = [:]
    }

    private let models: [String: Versions]
    /// Every name, sorted.
    let names: [String]
    /// What `GET /v1/models` says.
    private(set) var list: [UInt8] = []

    /// Joins the entries that are served, by name and version.
    init(_ served: [String: [Int: Entry]]) {
        var models: [String: Versions] = [:]
        for (name, entries) in served {
            let numbers = entries.keys.sorted()
            guard let latest = numbers.last.flatMap({ entries[$0] }) else { continue }
            let pages = entries.mapValues { entry in
                Pages(
                    card: ModelCard.encode(entry.model, versions: numbers),
                    metadata: ProtocolPages.model(entry, versions: numbers)
                )
            }
            models[name] = Versions(entries: entries, latest: latest, pages: pages)
        }
        self.models = models
        names = models.keys.sorted()
        list = ModelCard.encodeList(self)
    }

    /// The model that has the least to compute, for examples.
    var smallest: Entry? {
        models.values.map(\.latest).min { one, other in
            (one.posterior.xDim * one.posterior.thetaDim, one.name)
                < (other.posterior.xDim * other.posterior.thetaDim, other.name)
        }
    }

    /// The versions of a model in rising order; none if there is no such model.
    func versions(_ name: String) -> [Int] { models[name]?.entries.keys.sorted() ?? [] }

    /// The largest version of a model.
    func latest(_ name: String) -> ModelRepository.Model? { models[name]?.latest.model }

    /// Every entry, by name and then version.
    var entries: [Entry] {
        names.flatMap { name in versions(name).compactMap { models[name]?.entries[$0] } }
    }

    /// What `GET /v1/models/…` says of a model.
    func card(_ entry: Entry) -> [UInt8] { models[entry.name]?.pages[entry.version]?.card ?? [] }

    /// What `GET /v2/models/…` says of a model.
    func metadata(_ entry: Entry) -> [UInt8] {
        models[entry.name]?.pages[entry.version]?.metadata ?? []
    }

    /// Notes which model a request asks for, so far as there is one.
    ///
    /// Names a client makes up go neither into logs nor into metrics. The request keeps the model,
    /// whatever becomes of it here.
    func identify(_ match: Router.Match, in context: inout RequestContext) {
        guard let versions = models[match.model] else { return }
        context.model = match.model
        var entry: Entry? = versions.latest
        if let text = match.version {
            entry = ModelName.version(text).flatMap { versions.entries[$0] }
        }
        guard let entry else { return }
        context.version = entry.version
        context.subject = entry
    }

    /// Refuses names that no model and no version can have, whatever the method.
    func checkNames(_ match: Router.Match) throws(APIError) {
        guard match.model.isEmpty || ModelName.isValid(match.model) else {
            throw .unknownModel(match.model)
        }
        if let text = match.version, ModelName.version(text) == nil {
            let versions = versions(match.model)
            guard !versions.isEmpty else { throw .unknownModel(match.model) }
            throw .unknownVersion(model: match.model, versions: versions)
        }
    }

    /// The model a path names.
    func entry(_ match: Router.Match) throws(APIError) -> Entry {
        guard let versions = models[match.model] else { throw .unknownModel(match.model) }
        guard let text = match.version else { return versions.latest }
        guard let number = ModelName.version(text), let entry = versions.entries[number] else {
            throw .unknownVersion(model: match.model, versions: self.versions(match.model))
        }
        return entry
    }
}
