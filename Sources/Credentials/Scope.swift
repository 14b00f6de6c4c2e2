/// What a key may be used for.
public enum Scope: String, Sendable, CaseIterable {
    /// Asking models and reading about them.
    case infer
    /// Loading and unloading models.
    case admin
    /// Reading metrics.
    case metrics
}
