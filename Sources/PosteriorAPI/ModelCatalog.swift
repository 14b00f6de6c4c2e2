import ModelStore

/// The models a service answers for, found by name and version.
struct ModelCatalog: Sendable {
    private let models: [String: [Int: ModelRepository.Model]]
    /// Every name, sorted.
    let names: [String]

    init(_ repository: ModelRepository) {
        var models: [String: [Int: ModelRepository.Model]] = [:]
        for model in repository.models {
            models[model.name, default: [:]][model.version] = model
        }
        self.models = models
        names = models.keys.sorted()
    }

    /// The versions of a model in rising order; none if there is no such model.
    func versions(_ name: String) -> [Int] { models[name]?.keys.sorted() ?? [] }

    /// A model; without a version the largest.
    func model(_ name: String, version: Int?) -> ModelRepository.Model? {
        guard let versions = models[name] else { return nil }
        guard let version = version ?? versions.keys.max() else { return nil }
        return versions[version]
    }

    /// The model a path names.
    func model(_ match: Router.Match) throws(APIError) -> ModelRepository.Model {
        guard models[match.model] != nil else { throw .unknownModel(match.model) }
        let unknownVersion = APIError.unknownVersion(
            model: match.model,
            versions: versions(match.model)
        )
        var version: Int?
        if let text = match.version {
            guard let number = ModelName.version(text) else { throw unknownVersion }
            version = number
        }
        guard let model = model(match.model, version: version) else { throw unknownVersion }
        return model
    }
}
