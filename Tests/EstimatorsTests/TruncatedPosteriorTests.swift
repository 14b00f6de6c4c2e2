import Distributions
import Estimators
import Testing

@Suite struct TruncatedPosteriorTests {
    private static let box = DistributionDescription.boxUniform(
        lower: [-1, -0.5],
        upper: [1, 0.5]
    )

    /// A flow on the whole plane, and the same one restricted to a box.
    private func pair() throws -> (whole: Posterior, truncated: Posterior, x: [Float]) {
        let test = EstimatorCase(
            name: "maf",
            architecture: .maskedAutoregressiveFlow(thetaDim: 2, hiddenFeatures: 8, seed: 3),
            prior: .diagonalNormal(mean: [0, 0], standardDeviation: [1, 1])
        )
        let whole = try test.posterior()
        let truncated = try Posterior(
            architecture: whole.architecture,
            prior: Self.box,
            support: .truncated,
            thetaDim: 2,
            xDim: whole.xDim,
            tensors: whole.tensors
        )
        return (whole, truncated, test.observations(1))
    }

    @Test func `the density inside the box is that of the whole plane`() throws {
        let (whole, truncated, x) = try pair()
        let theta: [Float] = [0, 0, 0.9, -0.4, 1.5, 0, 0, -0.6, -7, 9]
        let expected = whole.logProb(theta, given: x)
        #expect(truncated.untruncatedLogProb(theta, given: x) == expected)
        let infinity = -Float.infinity
        #expect(
            truncated.logProb(theta, given: x)
                == [expected[0], expected[1], infinity, infinity, infinity]
        )
    }

    @Test func `the box is closed, and NaN is outside it`() throws {
        let (whole, truncated, x) = try pair()
        let corners: [Float] = [-1, -0.5, 1, 0.5, 1, Float(0.5).nextUp, .nan, 0]
        #expect(truncated.isInSupport(corners) == [true, true, false, false])
        let logProb = truncated.logProb(corners, given: x)
        #expect(Array(logProb[..<2]) == whole.logProb(Array(corners[..<4]), given: x))
        #expect(logProb[2] == -.infinity)
        #expect(logProb[3].isNaN)
    }

    @Test func `draws are those of the whole plane, and some leave the box`() throws {
        let (whole, truncated, x) = try pair()
        let draws = truncated.sample(count: 200, given: x, seed: 4)
        #expect(draws == whole.sample(count: 200, given: x, seed: 4))
        let inside = truncated.isInSupport(draws.theta)
        #expect(inside.contains(true))
        #expect(inside.contains(false))
    }

    @Test func `a centred standardisation is the affine one but for rounding`() throws {
        let (whole, _, x) = try pair()
        var tensors = whole.tensors
        let removed = ["theta_scale", "theta_shift"].map { name in
            tensors.removeValue(forKey: "standardization.\(name)")
        }
        let (scale, shift) = (try #require(removed[0]), try #require(removed[1]))
        tensors["standardization.theta_standard_deviation"] = Tensor(
            shape: [2],
            values: scale.values.map { 1 / $0 }
        )
        tensors["standardization.theta_mean"] = Tensor(
            shape: [2],
            values: zip(scale.values, shift.values).map { -$1 / $0 }
        )
        let centred = try Posterior(
            architecture: whole.architecture,
            prior: whole.prior,
            thetaStandardization: .centred,
            thetaDim: 2,
            xDim: whole.xDim,
            tensors: tensors
        )
        #expect(centred.tensors == tensors)
        let draws = whole.sample(count: 50, given: x, seed: 6, withLogProb: true)
        let others = centred.sample(count: 50, given: x, seed: 6, withLogProb: true)
        let logProb = centred.logProb(draws.theta, given: x)
        for index in 0..<50 {
            #expect(abs(draws.theta[2 * index] - others.theta[2 * index]) < 1e-5)
            #expect(abs((draws.logProb?[index] ?? .nan) - logProb[index]) < 1e-4)
            #expect(abs((others.logProb?[index] ?? .nan) - logProb[index]) < 1e-4)
        }
    }
}
