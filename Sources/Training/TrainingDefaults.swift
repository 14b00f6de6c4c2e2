/// What suits a number of simulations, found by the loss on fresh simulations of tasks whose exact
/// posterior is known (two moons, linear Gaussian; 1000 to 100,000 simulations).
public enum TrainingDefaults {
    /// Rows of one step.
    public static func batchSize(simulations count: Int) -> Int {
        switch count {
        case ..<5_000: 128
        case ..<500_000: 256
        default: 512
        }
    }

    /// Passes over the rows: fewer the more rows there are, though more steps.
    ///
    ///     E = 54,000 / √N, from 20 to 1000
    public static func epochs(simulations count: Int) -> Int {
        min(max(Int(54_000 / Double(max(count, 1)).squareRoot()), 20), 1000)
    }

    /// Epochs without a better validation loss after which training ends: a tenth, at least 20.
    public static func patience(epochs: Int) -> Int { max(epochs / 10, 20) }

    /// The weight decays to try, the weaker first.
    ///
    /// Sharp posteriors want none to speak of; smooth ones the more the fewer rows there are. Large
    /// sets are not trained twice.
    public static func weightDecays(simulations count: Int) -> [Double] {
        guard count <= 200_000 else { return [0.01] }
        let strong = 0.3 * (10_000 / Double(max(count, 1))).squareRoot()
        return [0.01, min((strong * 100).rounded() / 100, 1)]
    }
}
