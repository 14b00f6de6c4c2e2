/// The accuracy of neural posterior estimation as published: the mean C2ST over sbibm's ten
/// observations of each task.
///
/// *Reference*: Lueckmann et al. (2021), Benchmarking Simulation-Based Inference,
/// arXiv:2101.04653, results of `sbi-benchmark/results`; gaussian_mixture from the official rerun
/// after the fix of its simulator in sbibm 1.1.0.
enum PublishedResults {
    /// The budgets of the columns.
    static let budgets = [1_000, 10_000, 100_000]
    /// A row a task, a column a budget.
    static let accuracies = [
        "gaussian_linear": [0.694, 0.552, 0.506],
        "gaussian_linear_uniform": [0.696, 0.553, 0.509],
        "slcp": [0.975, 0.901, 0.831],
        "slcp_distractors": [0.982, 0.970, 0.863],
        "bernoulli_glm": [0.863, 0.678, 0.559],
        "bernoulli_glm_raw": [0.900, 0.765, 0.607],
        "gaussian_mixture": [0.716, 0.615, 0.548],
        "two_moons": [0.725, 0.606, 0.542],
        "sir": [0.815, 0.680, 0.585],
        "lotka_volterra": [0.999, 0.997, 0.981],
    ]

    /// The published mean of a task at a number of simulations, where there is one.
    static func accuracy(task: String, simulations: Int) -> Double? {
        guard let column = budgets.firstIndex(of: simulations) else { return nil }
        return accuracies[task]?[column]
    }
}
