import Autodiff
import Distributions
import Estimators
import Foundation
import Kernels
import TestSupport
import Testing

/// Penalties on the sensitivity to x, against differences in Double with common random numbers.
@Suite struct DefenseProgramTests {
    /// A program, evaluated in Double as a function of the weights.
    struct Evaluated {
        var program: PenaltyProgram
        let parameters: [Double]
        var inputs: [[Double]]

        init(_ program: PenaltyProgram, parameters: [Float], seed: UInt64) {
            self.program = program
            self.parameters = parameters.map(Double.init)
            var stream = RandomStream(seed: seed)
            inputs = program.program.inputs.map { input in
                (0..<input.width).map { _ in stream.normal() }
            }
        }

        func value(parameters: [Double]? = nil) -> Double {
            ReferenceEvaluator(
                program.program,
                parameters: parameters ?? self.parameters,
                inputs: inputs
            ).value(program.penalty)[0]
        }

        /// The gradient by the weights, with values held.
        func gradient(holding held: [LaneValue] = []) -> [Double] {
            var copy = program.program
            _ = copy.appendCotangents(
                of: program.penalty,
                cotangent: copy.literal([1]),
                withRespectTo: [],
                holding: held,
                parameterSinks: true
            )
            return ReferenceEvaluator(copy, parameters: parameters, inputs: inputs)
                .parameterGradient()
        }

        /// A random direction of the weights, and the slope along it by differences.
        func differences(seed: UInt64) -> (direction: [Double], slope: Double) {
            let direction = randomParameters(program.program.layout, seed: seed).map(Double.init)
            let slope = centralDifference { step in
                [value(parameters: zip(parameters, direction).map { $0 + step * 0.1 * $1 })]
            }[0]
            return (direction.map { 0.1 * $0 }, slope)
        }
    }

    static let kinds =
        ["trace", "trace, not reusing draws", "direction"]
        + DivergenceDirection.allCases.map(\.rawValue)

    static func program(_ kind: String, _ density: ConditionalDensity) -> PenaltyProgram? {
        switch kind {
        case "trace": density.fisherTraceProgram()
        case "trace, not reusing draws": density.fisherTraceProgram(reusesDraw: false)
        case "direction": density.fisherDirectionProgram()
        default: DivergenceDirection(rawValue: kind).flatMap(density.divergencePenaltyProgram)
        }
    }

    static let estimators =
        EstimatorCase.all.filter { test in
            ["maf, 3", "nsf, 3", "nsf-coupling, 3", "mdn, 3", "maf, mixed prior"]
                .contains(test.name) || test.embedding != nil && test.xDim <= 12
        } + [
            EstimatorCase(
                name: "ensemble of maf and mdn",
                architecture: .ensemble([
                    EnsembleMember(
                        estimator: .maskedAutoregressiveFlow(
                            thetaDim: 2,
                            hiddenFeatures: 5,
                            transformCount: 2,
                            seed: 1
                        )
                    ),
                    EnsembleMember(
                        estimator: .mixtureDensityNetwork(components: 2, hiddenFeatures: 6)
                    ),
                ]),
                prior: EstimatorCase.normal(2)
            )
        ]

    @Test(arguments: estimators, kinds)
    func `a penalty's gradient by the weights is that of differences`(
        test: EstimatorCase,
        kind: String
    ) throws {
        let density = try test.density()
        let program = try #require(Self.program(kind, density))
        let evaluated = Evaluated(
            program,
            parameters: randomParameters(density.layout, seed: 5),
            seed: 6
        )
        let gradient = evaluated.gradient()
        let (direction, slope) = evaluated.differences(seed: 7)
        let own = zip(gradient, direction).reduce(0) { $0 + $1.0 * $1.1 }
        #expect(
            abs(own - slope) < 1e-6 * max(abs(evaluated.value()), abs(slope), 1e-3),
            "\(own) instead of \(slope), the penalty is \(evaluated.value())"
        )
    }

    /// Where samples land moves with the weights: to forget it gives another gradient.
    @Test(arguments: estimators, kinds.filter { !["trace", "direction"].contains($0) })
    func `a gradient with the draws held is wrong`(test: EstimatorCase, kind: String) throws {
        let density = try test.density()
        let program = try #require(Self.program(kind, density))
        let evaluated = Evaluated(
            program,
            parameters: randomParameters(density.layout, seed: 5),
            seed: 6
        )
        let gradient = evaluated.gradient(holding: program.draws)
        let (direction, slope) = evaluated.differences(seed: 7)
        let own = zip(gradient, direction).reduce(0) { $0 + $1.0 * $1.1 }
        #expect(abs(own - slope) > 1e-4 * abs(slope))
    }

    /// tr I = μ′² / σ² + 2 (log σ)′² for q = N(μ(x), σ(x)²).
    ///
    /// The squared slope is a polynomial of degree four in the normal, so three nodes of
    /// Gauss–Hermite quadrature give its mean exactly.
    @Test func `the trace of one normal is its closed form, and so is its gradient`() throws {
        let density = try ConditionalDensity(
            architecture: .mixtureDensityNetwork(
                MixtureDensityNetworkArchitecture(
                    components: 1,
                    hiddenFeatures: 7,
                    hiddenLayers: 2,
                    diagonalFloor: 1e-4
                )
            ),
            prior: EstimatorCase.normal(1),
            standardizations: [
                Standardization(
                    thetaScale: [0.7],
                    thetaShift: [0.2],
                    xMean: [0.3],
                    xStandardDeviation: [1.8]
                )
            ]
        )
        let program = try #require(density.fisherTraceProgram())
        var evaluated = Evaluated(
            program,
            parameters: randomParameters(density.layout, seed: 8),
            seed: 9
        )
        let x = 0.4
        func draw(_ x: Double, _ normal: Double, _ parameters: [Double]) -> Double {
            ReferenceEvaluator(program.program, parameters: parameters, inputs: [[x], [normal]])
                .value(program.draws[0])[0]
        }
        func closedForm(_ parameters: [Double]) -> Double {
            let slopes = centralDifference { step in
                let mean = draw(x + step, 0, parameters)
                return [mean, log(abs(draw(x + step, 1, parameters) - mean))]
            }
            let mean = draw(x, 0, parameters)
            let deviation = draw(x, 1, parameters) - mean
            return slopes[0] * slopes[0] / (deviation * deviation) + 2 * slopes[1] * slopes[1]
        }
        var value = 0.0
        var gradient = [Double](repeating: 0, count: density.layout.count)
        for (node, weight) in [(0.0, 2.0 / 3), (3.0.squareRoot(), 1.0 / 6)] {
            for sign in node == 0 ? [1.0] : [1.0, -1.0] {
                evaluated.inputs = [[x], [sign * node]]
                value += weight * evaluated.value()
                for (place, slope) in evaluated.gradient().enumerated() {
                    gradient[place] += weight * slope
                }
            }
        }
        let exact = closedForm(evaluated.parameters)
        #expect(exact > 1e-3)
        #expect(abs(value - exact) < 1e-7 * exact)
        let direction = randomParameters(density.layout, seed: 10).map(Double.init)
        let h = 1e-4
        let moved = [-h, h].map { step in
            closedForm(zip(evaluated.parameters, direction).map { $0 + step * $1 })
        }
        let slope = (moved[1] - moved[0]) / (2 * h)
        let own = zip(gradient, direction).reduce(0) { $0 + $1.0 * $1.1 }
        #expect(abs(own - slope) < 1e-5 * max(abs(slope), exact))
    }

    @Test(
        arguments: estimators
            + EstimatorCase.all.filter { $0.architecture.isFlow && !$0.name.hasPrefix("nsf") }
    )
    func `deriving on the way of the draw changes nothing`(test: EstimatorCase) throws {
        let density = try test.density()
        let parameters = randomParameters(density.layout, seed: 5).map { 0.5 * $0 }
        let both = try [true, false].map { reusesDraw in
            Evaluated(
                try #require(density.fisherTraceProgram(reusesDraw: reusesDraw)),
                parameters: parameters,
                seed: 6
            )
        }
        let value = both[1].value()
        // To standardise and back rounds in single precision, in either evaluator.
        #expect(abs(both[0].value() - value) < 1e-5 * value)
        let slopes = both.map { $0.gradient() }
        let size = slopes[1].map { abs($0) }.max() ?? 0
        #expect(size > 0)
        #expect(zip(slopes[0], slopes[1]).allSatisfy { abs($0 - $1) < 1e-4 * size })
    }

    @Test(arguments: estimators)
    func `gradients in lanes are means of those in Double`(test: EstimatorCase) throws {
        let density = try test.density()
        let evaluator = try #require(PenaltyEvaluator(.fisherTrace, of: density))
        let parameters = randomParameters(density.layout, seed: 5).map { 0.5 * $0 }
        let rows = 9
        var stream = RandomStream(seed: 11)
        let x = (0..<rows * density.xDim).map { _ in Float(stream.normal()) }
        let keys = (0..<rows).map { NoiseKey(seed: 12, place: SIMD4(0, UInt32($0), 0, 0)) }
        var gradients: [[Float]] = []
        for workers in [1, 3] {
            var gradient = [Float](repeating: .nan, count: density.layout.count)
            _ = evaluator.sumAndGradient(
                parameters: parameters,
                [.all(x)],
                keys: keys,
                workers: workers,
                gradient: &gradient
            )
            gradients.append(gradient)
        }
        #expect(gradients[0] == gradients[1])
        let program = try #require(density.fisherTraceProgram())
        let noise = density.noise(keys: keys)
        var mean = [Double](repeating: 0, count: density.layout.count)
        for row in 0..<rows {
            var evaluated = Evaluated(program, parameters: parameters, seed: 0)
            evaluated.inputs = [
                x[row * density.xDim..<(row + 1) * density.xDim].map(Double.init),
                noise[row * density.thetaDim..<(row + 1) * density.thetaDim].map(Double.init),
            ]
            for (place, slope) in evaluated.gradient().enumerated() {
                mean[place] += slope / Double(rows)
            }
        }
        let size = mean.map { $0 * $0 }.reduce(0, +).squareRoot()
        let error = zip(mean, gradients[0]).map { ($0 - Double($1)) * ($0 - Double($1)) }
            .reduce(0, +).squareRoot()
        #expect(error < 2e-4 * size, "off by \(error / size)")
    }

    @Test func `a mixture of autoregressive networks has no penalty`() throws {
        let test = try #require(EstimatorCase.all.first { $0.name == "made, 3" })
        let density = try test.density()
        for kind in Self.kinds { #expect(Self.program(kind, density) == nil) }
    }
}

extension ConditionalDensity {
    /// The normals that draws with these keys take, `[keys, D]`.
    func noise(keys: [NoiseKey]) -> [Float] {
        var program = LaneProgram(layout: ParameterLayout())
        let normals = program.input(thetaDim, rate: .sample, kind: .noise(.normal))
        return LaneEvaluator(program, outputs: [normals]).evaluate(
            parameters: [],
            observations: keys.count,
            samples: 1,
            sources: [.noise(keys)],
            workers: 1
        )
    }
}
