import Distributions
import Estimators
import Kernels
import Simulators
import Testing
import Training

/// Embedding networks learn what the exact posterior uses.
@Suite struct EmbeddingTrainingTests {
    /// θ ~ N(0, 1); up to four trials x ~ N(θ, 1), from which q needs their mean and number. A
    /// posterior of one trial's precision would lose 0.2 nats, one that ignores x 0.6.
    @Test func `a posterior over a varying number of trials is learned`() throws {
        var stream = RandomStream(seed: 5)
        let count = 6000
        var theta: [Float] = []
        var x: [Float] = []
        var exact = 0.0
        for row in 0..<count {
            let value = stream.normal()
            let present = 1 + row % 4
            let trials = (0..<4).map { $0 < present ? value + stream.normal() : .nan }
            theta.append(Float(value))
            x += trials.map { Float($0) }
            let precision = 1 + Double(present)
            let mean = trials.prefix(present).reduce(0, +) / precision
            let distance = value - mean
            exact += 0.5 * (1.837_877_066_4 + precision * distance * distance)
            exact -= 0.5 * UnaryFunction.log.naive(precision)
        }
        let data = try SimulationSet(
            Simulations(theta: theta, x: x, thetaDim: 1, xDim: 4),
            prior: .diagonalNormal(mean: [0], standardDeviation: [1]),
            acceptsMissing: { !$0.allSatisfy(\.isNaN) }
        )
        #expect(data.count == count)
        var configuration = TrainingConfiguration(seed: 2)
        configuration.epochs = 20
        configuration.warmUpSteps = 50
        let trained = try Trainer(configuration: configuration, workers: 2).train(
            .mixtureDensityNetwork(components: 1, hiddenFeatures: 16, hiddenLayers: 1),
            embedding: EmbeddingArchitecture(
                xShape: [4, 1],
                layers: [
                    .trials([.linear(features: 8), .activation(.relu)], aggregation: .mean),
                    .linear(features: 16), .activation(.relu),
                ]
            ),
            on: data
        )
        let losses = trained.posterior.losses(on: data, workers: 2)
        #expect(losses.reduce(0, +) / Double(count) - exact / Double(count) < 0.05)
        #expect(trained.posterior.trialLimit == 4)
    }
}
