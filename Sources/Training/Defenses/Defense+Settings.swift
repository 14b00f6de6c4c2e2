import Estimators

extension Defense {
    /// Its name on the command line and in model files.
    public var name: String {
        switch self {
        case .none: "none"
        case .fisherTrace: "fim"
        case .fisherEigenvalue: "fim-eigenvalue"
        case .trades: "trades"
        case .adversarialTraining: "adversarial"
        case .noiseAugmentation: "noise"
        }
    }

    /// β in the unit it acts in, if there is one: that of x² for the Fisher information.
    public func beta(dataScale: Double) -> Double? {
        switch self {
        case .fisherTrace(let fisher): fisher.beta.weight(dataScale: dataScale)
        case .fisherEigenvalue(let fisher): fisher.penalty.beta.weight(dataScale: dataScale)
        case .trades(let trades): trades.beta
        case .none, .adversarialTraining, .noiseAugmentation: nil
        }
    }

    /// Whether β has the unit of x².
    public var betaHasUnit: Bool {
        switch self {
        case .fisherTrace, .fisherEigenvalue: true
        case .none, .trades, .adversarialTraining, .noiseAugmentation: false
        }
    }

    /// ε, if there is one.
    public var epsilon: ScaledAmount? {
        switch self {
        case .trades(let trades): trades.search.epsilon
        case .adversarialTraining(let training): training.search.epsilon
        case .noiseAugmentation(let noise): noise.epsilon
        case .none, .fisherTrace, .fisherEigenvalue: nil
        }
    }

    /// Checks every setting.
    ///
    /// - Throws: `TrainingError.invalidSetting` naming the first that is out of its range.
    public func validate() throws(TrainingError) {
        switch self {
        case .none: break
        case .fisherTrace(let fisher): try fisher.validate()
        case .fisherEigenvalue(let fisher):
            try fisher.penalty.validate()
            try requireSetting(
                fisher.powerRate > 0 && fisher.powerRate <= 1,
                "power rate",
                "above 0, at most 1",
                fisher.powerRate
            )
            try requireSetting(
                (1...1000).contains(fisher.firstIterations),
                "first iterations",
                "1 to 1000",
                fisher.firstIterations
            )
        case .trades(let trades):
            try requireSetting(
                trades.beta > 0 && trades.beta.isFinite,
                "beta",
                "a number above 0",
                trades.beta
            )
            try trades.search.validate()
        case .adversarialTraining(let training): try training.search.validate()
        case .noiseAugmentation(let noise): try noise.epsilon.validate("epsilon")
        }
    }

    /// The settings by name, as a checkpoint keeps them.
    var settings: [(name: String, value: String)] {
        let values =
            switch self {
            case .none: ""
            case .fisherTrace(let fisher): " \(fisher.text)"
            case .fisherEigenvalue(let fisher):
                " \(fisher.penalty.text), power rate \(fisher.powerRate) after "
                    + "\(fisher.firstIterations)"
            case .trades(let trades):
                " beta \(trades.beta), \(trades.search.text), \(trades.direction.rawValue)"
            case .adversarialTraining(let training): " \(training.search.text)"
            case .noiseAugmentation(let noise): " epsilon \(noise.epsilon.text)"
            }
        return [("defense", name + values)]
    }
}

extension ScaledAmount {
    fileprivate var text: String { "\(value) \(unit.rawValue)" }

    fileprivate func validate(_ name: String) throws(TrainingError) {
        try requireSetting(value > 0 && value.isFinite, name, "a number above 0", value)
    }
}

extension FisherTraceRegularization {
    /// The most draws of one row in one step.
    public static let drawLimit = 1000

    fileprivate var text: String {
        "beta \(beta.text), \(draws) draws, share \(share), average rate \(averageRate)"
    }

    fileprivate func validate() throws(TrainingError) {
        try beta.validate("beta")
        try requireSetting(
            (1...Self.drawLimit).contains(draws),
            "draws of the Fisher information",
            "1 to \(Self.drawLimit)",
            draws
        )
        try requireSetting(
            share > 0 && share <= 1,
            "share of the rows that are regularised",
            "above 0, at most 1",
            share
        )
        try requireSetting(
            averageRate > 0 && averageRate <= 1,
            "average rate of the regularisation",
            "above 0, at most 1",
            averageRate
        )
    }
}

extension BallSearch {
    /// The most steps of a search.
    public static let stepLimit = 1000

    fileprivate var text: String {
        "epsilon \(epsilon.text), \(steps) steps of \(stepSize.map { "\($0)" } ?? "default size")"
    }

    fileprivate func validate() throws(TrainingError) {
        try epsilon.validate("epsilon")
        try requireSetting(
            (1...Self.stepLimit).contains(steps),
            "attack steps",
            "1 to \(Self.stepLimit)",
            steps
        )
        if let stepSize {
            try requireSetting(
                stepSize > 0 && stepSize.isFinite,
                "attack step size",
                "a number above 0",
                stepSize
            )
        }
    }
}

/// Throws unless a setting is in its range.
func requireSetting(
    _ holds: Bool,
    _ name: String,
    _ expected: String,
    _ found: some Any
) throws(TrainingError) {
    guard holds else {
        throw .invalidSetting(name: name, expected: expected, found: "\(found)")
    }
}
