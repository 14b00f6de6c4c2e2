/// What was published on robustness: masked autoregressive flows trained on 10⁵ simulations,
/// attacked on 10⁴ observations with the divergence KL(q(· | x̃) ‖ q(· | x)) as objective.
///
/// One training run each, so without error bars over training. `digits_vae` differs from the
/// published task in its decoder; ratios between defenses compare, absolute values do not.
///
/// *Reference*: Glöckler, Deistler, Macke (2023), Adversarial robustness of amortized Bayesian
/// inference, arXiv:2305.14984: figures and run logs, to about three digits.
enum PublishedRobustness {
    /// The radii of the divergences, in units of the data scale.
    static let epsilons = [0.1, 0.2, 0.3, 0.5, 1, 2]
    /// The radii of the areas.
    static let areaEpsilons = [0, 0.1, 0.5, 1, 2]

    /// A point of the trade-off between accuracy and robustness: Fisher regularisation of strength
    /// β.
    struct TradeOff {
        var beta: Double
        /// The mean divergence at ε = 2.
        var meanDivergence: Double
        /// The loss on clean observations.
        var nll: Double
    }

    /// Median divergence under attack at each of `epsilons`.
    static func medians(task: String, defense: FigureDefense) -> [Double]? {
        medians["\(task) \(defense.rawValue)"]
    }

    /// Median divergence under uniform noise of an undefended flow at each of `epsilons`.
    static func noiseMedians(task: String) -> [Double]? { medians["\(task) under noise"] }

    /// Signed area of the coverage under attack at each of `areaEpsilons`.
    static func areas(task: String, defense: FigureDefense) -> [Double]? {
        areas["\(task) \(defense.rawValue)"]
    }

    /// Points of the trade-off.
    static func tradeOff(task: String) -> [TradeOff] { tradeOffs[task] ?? [] }

    /// Training time over that without defense, for masked autoregressive flows, a mean over the
    /// tasks.
    static let trainingTimeRatios: [FigureDefense: Double] = [
        .fim: 3.7, .adversarial: 11.8, .trades: 34, .noise: 1.1,
    ]

    private static let medians: [String: [Double]] = [
        // none, PGD
        "linear_gaussian none": [0.642, 2.62, 5.89, 16.2, 64.7, 292],
        // none, uniform noise
        "linear_gaussian under noise": [0.363, 1.46, 3.28, 9.07, 36.3, 150],
        // FIM β=1e-3
        "linear_gaussian fim": [0.476, 1.95, 4.43, 12.4, 51.3, 235],
        // AdvTrain ε=0.1
        "linear_gaussian adversarial": [0.316, 1.3, 2.95, 8.18, 32.7, 138],
        // TRADES ε=0.1
        "linear_gaussian trades": [0.128, 0.552, 1.28, 3.75, 18.2, 127],
        // noise augmentation
        "linear_gaussian noise": [0.0524, 0.23, 0.529, 1.47, 5.69, 22.3],
        // none, PGD
        "lotka_volterra_series none": [0.0735, 0.319, 0.732, 2.04, 8.12, 32.7],
        // none, uniform noise
        "lotka_volterra_series under noise": [0.00164, 0.00666, 0.0152, 0.0422, 0.169, 0.673],
        // FIM β=1e-2
        "lotka_volterra_series fim": [0.00554, 0.0274, 0.0664, 0.194, 0.789, 3.07],
        // AdvTrain ε=1.0
        "lotka_volterra_series adversarial": [0.00923, 0.0434, 0.103, 0.3, 1.22, 4.92],
        // TRADES ε=0.5
        "lotka_volterra_series trades": [0.00555, 0.0273, 0.0666, 0.197, 0.816, 3.28],
        // noise augmentation
        "lotka_volterra_series noise": [0.0615, 0.271, 0.624, 1.75, 6.96, 27.9],
        // none, PGD
        "sir_series none": [3.83, 11.9, 21.4, 43.9, 96.1, 214],
        // none, uniform noise
        "sir_series under noise": [0.0572, 0.218, 0.464, 1.21, 3.93, 12.3],
        // FIM β=0.1
        "sir_series fim": [0.000289, 0.00155, 0.00476, 0.0191, 0.0967, 0.428],
        // AdvTrain ε=1.0
        "sir_series adversarial": [0.00186, 0.0111, 0.0351, 0.123, 0.661, 3.47],
        // TRADES ε=0.5
        "sir_series trades": [0.00102, 0.00599, 0.0166, 0.0576, 0.321, 1.7],
        // noise augmentation
        "sir_series noise": [0.128, 0.549, 1.25, 3.43, 11.7, 35.1],
        // none, PGD
        "spatial_sir none": [0.00236, 0.0165, 0.0485, 0.155, 0.68, 2.95],
        // none, uniform noise
        "spatial_sir under noise": [1.39e-05, 6.15e-05, 0.000142, 0.000438, 0.00211, 0.0105],
        // FIM β=0.1
        "spatial_sir fim": [0.000133, 0.000561, 0.00142, 0.00517, 0.0302, 0.145],
        // AdvTrain ε=1.0
        "spatial_sir adversarial": [0.000639, 0.0061, 0.0205, 0.0761, 0.362, 1.61],
        // TRADES ε=0.5
        "spatial_sir trades": [0.000136, 0.00066, 0.00191, 0.00822, 0.0511, 0.232],
        // noise augmentation
        "spatial_sir noise": [0.00233, 0.0161, 0.0461, 0.149, 0.653, 2.8],
        // none, PGD
        "hodgkin_huxley none": [4.09, 16.4, 39.1, 123, 507, 6280],
        // none, uniform noise
        "hodgkin_huxley under noise": [0.0223, 0.0892, 0.199, 0.551, 2.2, 8.92],
        // FIM β=100
        "hodgkin_huxley fim": [0.00406, 0.0204, 0.0507, 0.154, 0.663, 3.93],
        // AdvTrain ε=1.0
        "hodgkin_huxley adversarial": [0.0117, 0.0559, 0.134, 0.389, 1.57, 6.4],
        // TRADES ε=0.5
        "hodgkin_huxley trades": [0.000765, 0.0049, 0.0141, 0.0465, 0.198, 0.829],
        // noise augmentation
        "hodgkin_huxley noise": [0.606, 2.4, 5.43, 16.1, 74.9, 594],
        // none, PGD
        "digits_vae none": [0.117, 0.493, 1.12, 3.09, 12.5, 52],
        // none, uniform noise
        "digits_vae under noise": [0.000193, 0.000822, 0.00194, 0.0056, 0.0231, 0.0938],
        // FIM β=1e-2
        "digits_vae fim": [0.00886, 0.0454, 0.111, 0.323, 1.34, 5.62],
        // AdvTrain ε=1.0
        "digits_vae adversarial": [0.0091, 0.046, 0.112, 0.328, 1.36, 5.58],
        // TRADES ε=0.1
        "digits_vae trades": [0.007, 0.037, 0.0907, 0.263, 1.05, 4.14],
        // noise augmentation
        "digits_vae noise": [0.0878, 0.376, 0.853, 2.39, 9.69, 40.9],
    ]

    private static let areas: [String: [Double]] = [
        "linear_gaussian none": [0.011, -0.061, -0.492, -0.495, -0.495],
        "linear_gaussian fim": [0.075, 0.011, -0.484, -0.495, -0.495],
        "linear_gaussian adversarial": [0.251, 0.206, -0.438, -0.495, -0.495],
        "linear_gaussian trades": [0.389, 0.368, -0.104, -0.459, -0.495],
        "lotka_volterra_series none": [-0.014, -0.036, -0.288, -0.475, -0.495],
        "lotka_volterra_series fim": [0.302, 0.298, 0.23, 0.039, -0.364],
        "lotka_volterra_series adversarial": [0.309, 0.305, 0.219, -0.037, -0.444],
        "lotka_volterra_series trades": [0.345, 0.341, 0.269, 0.063, -0.352],
        "sir_series none": [0.01, -0.312, -0.442, -0.461, -0.474],
        "sir_series fim": [0.128, 0.126, 0.103, 0.045, -0.105],
        "sir_series adversarial": [0.138, 0.134, 0.066, -0.113, -0.389],
        "sir_series trades": [0.165, 0.159, 0.098, -0.032, -0.262],
        "spatial_sir none": [-0.041, -0.046, -0.083, -0.156, -0.321],
        "spatial_sir fim": [0.101, 0.1, 0.091, 0.075, 0.024],
        "spatial_sir adversarial": [-0.026, -0.029, -0.052, -0.101, -0.242],
        "spatial_sir trades": [0.067, 0.069, 0.077, 0.082, 0.064],
        "hodgkin_huxley none": [-0.035, -0.368, -0.413, -0.253, -0.252],
        "hodgkin_huxley fim": [0.332, 0.332, 0.291, 0.107, -0.354],
        "hodgkin_huxley adversarial": [0.33, 0.327, 0.222, -0.106, -0.465],
        "hodgkin_huxley trades": [0.044, 0.046, 0.043, 0.003, -0.198],
        "digits_vae none": [-0.054, -0.067, -0.325, -0.484, -0.495],
        "digits_vae fim": [0.226, 0.22, 0.106, -0.148, -0.455],
        "digits_vae adversarial": [0.306, 0.3, 0.181, -0.103, -0.455],
        "digits_vae trades": [0.261, 0.255, 0.146, -0.1, -0.426],
    ]

    private static let tradeOffs: [String: [TradeOff]] = [
        "linear_gaussian": [
            TradeOff(beta: 0.00059, meanDivergence: 230, nll: -2.635),
            TradeOff(beta: 0.0012, meanDivergence: 214, nll: -2.57),
            TradeOff(beta: 0.005, meanDivergence: 124, nll: -1.91),
            TradeOff(beta: 0.0096, meanDivergence: 82, nll: -1.05),
            TradeOff(beta: 0.021, meanDivergence: 18.8, nll: 0.24),
            TradeOff(beta: 0.1, meanDivergence: 1.23, nll: 1.72),
            TradeOff(beta: 0.94, meanDivergence: 0.134, nll: 4.13),
            TradeOff(beta: 10, meanDivergence: 0.02, nll: 13.1),
        ],
        "lotka_volterra_series": [
            TradeOff(beta: 0.00021, meanDivergence: 29.4, nll: -6.81),
            TradeOff(beta: 0.001, meanDivergence: 17.8, nll: -6.51),
            TradeOff(beta: 0.0099, meanDivergence: 3.14, nll: -4.76),
            TradeOff(beta: 0.098, meanDivergence: 0.381, nll: -1.96),
            TradeOff(beta: 0.99, meanDivergence: 0.0198, nll: 0.9),
            TradeOff(beta: 10, meanDivergence: 0.0004, nll: 2.48),
        ],
        "sir_series": [
            TradeOff(beta: 1.6e-05, meanDivergence: 27479, nll: -0.399),
            TradeOff(beta: 9.3e-05, meanDivergence: 316, nll: -0.253),
            TradeOff(beta: 0.00106, meanDivergence: 24.8, nll: 0.223),
            TradeOff(beta: 0.01, meanDivergence: 4.07, nll: 1.01),
            TradeOff(beta: 0.098, meanDivergence: 0.481, nll: 1.91),
            TradeOff(beta: 0.99, meanDivergence: 0.041, nll: 2.76),
            TradeOff(beta: 10, meanDivergence: 0.0014, nll: 3.56),
        ],
        "spatial_sir": [
            TradeOff(beta: 0.031, meanDivergence: 0.505, nll: -0.637),
            TradeOff(beta: 0.098, meanDivergence: 0.165, nll: -0.345),
            TradeOff(beta: 1.01, meanDivergence: 0.0105, nll: 0.479),
            TradeOff(beta: 9.8, meanDivergence: 0.00034, nll: 1.13),
        ],
        "hodgkin_huxley": [
            TradeOff(beta: 0.00055, meanDivergence: 29700, nll: 2.94),
            TradeOff(beta: 0.023, meanDivergence: 49_000_000, nll: 2.72),
            TradeOff(beta: 0.092, meanDivergence: 12000, nll: 3.19),
            TradeOff(beta: 0.66, meanDivergence: 3064, nll: 3.38),
            TradeOff(beta: 1.21, meanDivergence: 343, nll: 4.12),
            TradeOff(beta: 4.4, meanDivergence: 88, nll: 4.55),
            TradeOff(beta: 10.7, meanDivergence: 41, nll: 4.91),
            TradeOff(beta: 20, meanDivergence: 21.8, nll: 5.61),
        ],
        "digits_vae": [
            TradeOff(beta: 0.00106, meanDivergence: 29.7, nll: -7.32),
            TradeOff(beta: 0.01, meanDivergence: 6.09, nll: -5.89),
            TradeOff(beta: 0.098, meanDivergence: 0.716, nll: -3.2),
            TradeOff(beta: 1.02, meanDivergence: 0.051, nll: -0.285),
            TradeOff(beta: 10, meanDivergence: 0.002, nll: 2.65),
        ],
    ]
}
