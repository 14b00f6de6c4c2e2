extension Posterior {
    /// Observations `[B, L]` as the estimator sees them: on the logarithmic scale where there is
    /// one, z-scored, before any embedding network; NaN where x is missing.
    ///
    /// Of an ensemble, as its first member does.
    package func standardized(_ observations: [Float]) -> [Double] {
        let standardization = density.members[0].standardization
        let seen = standardization.xLogarithm?.values(of: observations) ?? observations
        return seen.enumerated().map { place, value in
            let entry = place % xDim
            return (Double(value) - Double(standardization.xMean[entry]))
                / Double(standardization.xStandardDeviation[entry])
        }
    }
}
