/// What a variable is centred and scaled with before a network sees it.
public enum ZScore: String, Sendable, CaseIterable {
    /// Each entry with its own mean and standard deviation over the training rows.
    case independent
    /// All entries with one mean, and the mean over the rows of the standard deviation across the
    /// entries of a row: for series and images, whose entries share a unit. With a single entry it
    /// is the same as independent.
    case structured
    /// None: mean 0 and scale 1.
    case none
}
