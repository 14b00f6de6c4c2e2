package import Estimators

extension Defense {
    /// The loss of an estimator with this defense.
    ///
    /// - Parameters:
    ///   - estimator: What is trained.
    ///   - data: Gives the number of rows and the data scale.
    ///   - seed: The run's seed.
    /// - Returns: The loss.
    /// - Throws: `TrainingError.undefensible` where the estimator cannot have this defense.
    package func loss(
        of estimator: any TrainableDensityEstimator,
        on data: SimulationSet,
        seed: UInt64
    ) throws(TrainingError) -> any DefendedLoss {
        if self == .none { return PlainLoss(estimator: estimator) }
        guard let defensible = estimator as? any DefensibleEstimator,
            let loss = loss(
                of: defensible,
                on: data,
                seed: SeedPurpose.defense.seed(of: seed)
            )
        else { throw .undefensible(defense: name) }
        return loss
    }

    private func loss(
        of estimator: any DefensibleEstimator,
        on data: SimulationSet,
        seed: UInt64
    ) -> (any DefendedLoss)? {
        let scale = data.dataScale
        switch self {
        case .none: return PlainLoss(estimator: estimator)
        case .fisherTrace(let settings):
            return FisherLoss(settings, of: estimator, dataScale: scale, seed: seed)
        case .fisherEigenvalue(let settings):
            return FisherLoss(
                settings,
                of: estimator,
                rows: data.count,
                dataScale: scale,
                seed: seed
            )
        case .trades(let settings):
            return TRADESLoss(settings, of: estimator, dataScale: scale, seed: seed)
        case .adversarialTraining(let settings):
            return AttackedLoss(settings, of: estimator, dataScale: scale, seed: seed)
        case .noiseAugmentation(let settings):
            return AttackedLoss(settings, of: estimator, dataScale: scale, seed: seed)
        }
    }
}
