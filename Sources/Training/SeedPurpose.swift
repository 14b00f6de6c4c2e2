import Kernels

/// What a run draws random numbers for, each from its own seed.
///
/// Simulations take the run's seed itself, so that `simulate` and `train` draw the same rows.
public enum SeedPurpose: UInt64, Sendable, CaseIterable {
    /// Which rows are held out for validation.
    case validationSplit = 1
    /// The order of the rows in an epoch.
    case epochOrder
    /// The initial weights.
    case initialWeights
    /// The structure of the estimator, such as its permutations.
    case architecture
    /// Fresh simulations to test on.
    case testSimulations
    /// The draws and perturbations of a defense.
    case defense

    /// The seed for this purpose in a run of the given seed.
    public func seed(of run: UInt64) -> UInt64 {
        RandomStream(seed: run).substream(rawValue).seed
    }
}
