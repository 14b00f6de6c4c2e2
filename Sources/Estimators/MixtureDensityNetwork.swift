import Autodiff
import Glibc
import Kernels

/// A mixture of K normals over standardised theta whose weights, means and precision factors come
/// from a network of the context.
///
///     log q(z) = logsumexpₖ [ log softmax(logits)ₖ − (D/2) log 2π + Σ log diag Aₖ
///                             − ½ ‖Aₖ (z − μₖ)‖² − ½ q ‖z − μₖ‖² ]
///
/// Aₖ is upper triangular or diagonal, its diagonal softplus(raw) + floor; the precision is AₖᵀAₖ,
/// both in the density and in the draws z = μₖ + Aₖ⁻¹ ε. The quadratic floor q is zero but in
/// models of sbi.
///
/// *Reference*: Bishop (1994), Mixture Density Networks, NCRG/94/004; Williams (1996), Using
/// neural networks to model conditional multivariate densities, Neural Computation 8(4).
struct MixtureDensityNetwork: DensityEstimator {
    let layout: ParameterLayout
    private let thetaDim: Int
    private let components: Int
    private let diagonalFloor: Float
    private let quadraticFloor: Float
    private let activation: Activation
    private let hidden: [Layer]
    private let logits: Layer
    private let means: Layer
    private let diagonal: Layer
    /// Absent where the factors are diagonal, as in one dimension.
    private let upper: Layer?

    /// A linear layer, as indices into the layout.
    private struct Layer {
        var weight: Int
        var bias: Int
    }

    var normalCount: Int { thetaDim }
    var uniformCount: Int { 1 }

    /// Checks the architecture and lays out its parameters.
    init(
        _ architecture: MixtureDensityNetworkArchitecture,
        thetaDim: Int,
        xDim: Int
    ) throws(EstimatorError) {
        try architecture.validate(thetaDim: thetaDim)
        self.thetaDim = thetaDim
        components = architecture.components
        diagonalFloor = Float(architecture.diagonalFloor)
        quadraticFloor = Float(architecture.quadraticFloor)
        activation = architecture.activation
        var layout = ParameterLayout()
        func layer(_ name: String, _ rows: Int, _ columns: Int) -> Layer {
            Layer(
                weight: layout.addMatrix("\(name).weight", rows: rows, columns: columns),
                bias: layout.addVector("\(name).bias", count: rows)
            )
        }
        let width = architecture.hiddenFeatures
        hidden = (0..<architecture.hiddenLayers).map { index in
            layer("hidden.\(index)", width, index == 0 ? xDim : width)
        }
        let pairs = architecture.covariance == .full ? thetaDim * (thetaDim - 1) / 2 : 0
        logits = layer("logits", components, width)
        means = layer("means", components * thetaDim, width)
        diagonal = layer("diagonal", components * thetaDim, width)
        upper = pairs > 0 ? layer("upper", components * pairs, width) : nil
        self.layout = layout
    }

    var tensorPlaces: [TensorPlace] {
        let layers = hidden + [logits, means, diagonal] + (upper.map { [$0] } ?? [])
        return layers.flatMap { layer in
            [
                TensorPlace(layout.matrices[layer.weight]),
                TensorPlace(layout.vectors[layer.bias]),
            ]
        }
    }

    /// The network starts as PyTorch's linear layers do; the heads of weights and factors start
    /// near constants, so that the components begin alike but for their means.
    func initialParameters(seed: UInt64) -> [Float] {
        var parameters = layout.uniformParameters(seed: seed)
        var stream = RandomStream(seed: seed, stream: 1)
        let unit = Float(log(expm1(1 - Double(diagonalFloor))))
        func reset(_ layer: Layer, bias: Float, jitterBias: Bool) {
            let matrix = layout.matrices[layer.weight]
            for row in 0..<matrix.rows {
                for column in 0..<matrix.columns {
                    parameters[matrix.offset + row * matrix.stride + column] =
                        Float(stream.normal() * 1e-4)
                }
            }
            let vector = layout.vectors[layer.bias]
            for entry in 0..<vector.count {
                parameters[vector.offset + entry] =
                    jitterBias ? Float(stream.normal() * 1e-4) : bias
            }
        }
        reset(logits, bias: 0, jitterBias: true)
        reset(diagonal, bias: unit, jitterBias: false)
        if let upper { reset(upper, bias: 0, jitterBias: false) }
        return parameters
    }
}

/// What the network says of an observation.
private struct MixtureHeads {
    /// Log weights, `[K]`.
    var logWeights: LaneValue
    /// Means, `[K, D]`.
    var means: LaneValue
    /// Diagonals of the factors, `[K, D]`.
    var diagonal: LaneValue
    /// The diagonals, then the entries above them, `[K, D]` and `[K, D(D−1)/2]`; the diagonals
    /// alone where there are no others.
    var factors: LaneValue
}

extension MixtureDensityNetwork {
    private func appendHeads(
        _ context: LaneValue,
        to program: inout LaneProgram
    ) -> MixtureHeads {
        func apply(_ layer: Layer, _ input: LaneValue) -> LaneValue {
            program.linear(layer.weight, input, adding: program.parameters(layer.bias))
        }
        var features = context
        for layer in hidden {
            features = program.activate(activation, apply(layer, features))
        }
        let raw = apply(logits, features)
        let total = program.logSumExp(raw)
        let logWeights = program.subtract(
            raw,
            program.gather(total, Array(repeating: 0, count: components))
        )
        let diagonal = program.scale(
            program.apply(.softplus, apply(self.diagonal, features)),
            by: 1,
            plus: diagonalFloor
        )
        let factors = upper.map { program.concatenate([diagonal, apply($0, features)]) }
        return MixtureHeads(
            logWeights: logWeights,
            means: apply(means, features),
            diagonal: diagonal,
            factors: factors ?? diagonal
        )
    }

    /// Place of entry (i, j), i ≤ j, of factor k among `MixtureHeads.factors`.
    private func factorEntry(_ k: Int, _ i: Int, _ j: Int) -> Int {
        guard i != j else { return k * thetaDim + i }
        let pairs = thetaDim * (thetaDim - 1) / 2
        let place = i * (2 * thetaDim - i - 1) / 2 + (j - i - 1)
        return components * thetaDim + k * pairs + place
    }

    func appendLogProb(
        of z: LaneValue,
        given context: LaneValue,
        to program: inout LaneProgram
    ) -> LaneValue {
        let heads = appendHeads(context, to: &program)
        return appendLogProb(of: z, heads, to: &program)
    }

    private func appendLogProb(
        of z: LaneValue,
        _ heads: MixtureHeads,
        to program: inout LaneProgram
    ) -> LaneValue {
        let repeated = program.gather(z, (0..<(components * thetaDim)).map { $0 % thetaDim })
        let centred = program.subtract(repeated, heads.means)
        let whitened = appendWhitened(centred, heads, to: &program)
        let squares = (0..<(components * thetaDim)).map { place in
            ContractionTerm(target: place / thetaDim, left: place, right: place)
        }
        var distances = program.contraction(whitened, whitened, terms: squares, width: components)
        if quadraticFloor > 0 {
            let plain = program.contraction(centred, centred, terms: squares, width: components)
            distances = program.add(distances, program.scale(plain, by: quadraticFloor))
        }
        let logDeterminants = program.scatterAdd(
            program.apply(.log, heads.diagonal),
            (0..<(components * thetaDim)).map { $0 / thetaDim },
            width: components
        )
        let constants = program.add(heads.logWeights, logDeterminants)
        let terms = program.add(constants, program.scale(distances, by: -0.5))
        let constant = Float(-0.5 * Double(thetaDim) * logTwoPi)
        return program.scale(program.logSumExp(terms), by: 1, plus: constant)
    }

    /// Aₖ (z − μₖ), `[K, D]`.
    private func appendWhitened(
        _ centred: LaneValue,
        _ heads: MixtureHeads,
        to program: inout LaneProgram
    ) -> LaneValue {
        guard upper != nil else { return program.multiply(heads.diagonal, centred) }
        let terms = (0..<components).flatMap { k in
            (0..<thetaDim).flatMap { i in
                (i..<thetaDim).map { j in
                    ContractionTerm(
                        target: k * thetaDim + i,
                        left: factorEntry(k, i, j),
                        right: k * thetaDim + j
                    )
                }
            }
        }
        return program.contraction(
            heads.factors,
            centred,
            terms: terms,
            width: components * thetaDim
        )
    }

    func appendBase(
        of z: LaneValue,
        given context: LaneValue,
        to program: inout LaneProgram
    ) -> LaneValue? { nil }

    func appendSample(
        normals: LaneValue,
        uniforms: LaneValue?,
        given context: LaneValue,
        to program: inout LaneProgram
    ) -> (z: LaneValue, logProb: LaneValue) {
        guard let uniforms else { preconditionFailure("a mixture draws its component") }
        let heads = appendHeads(context, to: &program)
        let chosen = program.appendChoice(logWeights: heads.logWeights, uniform: uniforms)
        let pairs = upper == nil ? 0 : thetaDim * (thetaDim - 1) / 2
        var meanTerms: [ContractionTerm] = []
        var factorTerms: [ContractionTerm] = []
        for k in 0..<components {
            for i in 0..<thetaDim {
                meanTerms.append(.init(target: i, left: k, right: k * thetaDim + i))
                factorTerms.append(.init(target: i, left: k, right: factorEntry(k, i, i)))
            }
            for place in 0..<pairs {
                let entry = components * thetaDim + k * pairs + place
                factorTerms.append(.init(target: thetaDim + place, left: k, right: entry))
            }
        }
        let mean = program.contraction(chosen, heads.means, terms: meanTerms, width: thetaDim)
        let factor = program.contraction(
            chosen,
            heads.factors,
            terms: factorTerms,
            width: thetaDim + pairs
        )
        let z = program.add(mean, appendSolution(factor, normals, to: &program))
        return (z, appendLogProb(of: z, heads, to: &program))
    }

    func appendStrata(
        normals: LaneValue,
        given context: LaneValue,
        to program: inout LaneProgram
    ) -> [Stratum]? {
        let heads = appendHeads(context, to: &program)
        let pairs = upper == nil ? 0 : thetaDim * (thetaDim - 1) / 2
        return (0..<components).map { k in
            let own = (k * thetaDim)..<((k + 1) * thetaDim)
            let above =
                (components * thetaDim + k * pairs)..<(components * thetaDim + (k + 1) * pairs)
            let factor = program.gather(heads.factors, Array(own) + Array(above))
            let centred = appendSolution(factor, normals, to: &program)
            return Stratum(
                draw: program.add(program.slice(heads.means, own), centred),
                logWeight: components > 1 ? program.slice(heads.logWeights, k..<(k + 1)) : nil
            )
        }
    }

    /// Mean and factor of a mixture of one normal; nil where the draws are not the density's, as
    /// with a quadratic floor.
    func appendOnlyComponent(
        given context: LaneValue,
        to program: inout LaneProgram
    ) -> (mean: LaneValue, factor: LaneValue)? {
        guard components == 1, quadraticFloor == 0 else { return nil }
        let heads = appendHeads(context, to: &program)
        return (heads.means, heads.factors)
    }

    /// Solves A v = ε from the last dimension to the first.
    private func appendSolution(
        _ factor: LaneValue,
        _ normals: LaneValue,
        to program: inout LaneProgram
    ) -> LaneValue {
        guard upper != nil else { return program.apply(.divide, normals, factor) }
        func entry(_ i: Int, _ j: Int) -> Int {
            i == j ? i : thetaDim + i * (2 * thetaDim - i - 1) / 2 + (j - i - 1)
        }
        // Known entries stand from the last dimension down, so that each is appended.
        var known: LaneValue?
        for i in (0..<thetaDim).reversed() {
            var numerator = program.slice(normals, i..<(i + 1))
            if let known {
                let terms = ((i + 1)..<thetaDim).map { j in
                    ContractionTerm(target: 0, left: entry(i, j), right: thetaDim - 1 - j)
                }
                numerator = program.subtract(
                    numerator,
                    program.contraction(factor, known, terms: terms, width: 1)
                )
            }
            let v = program.apply(.divide, numerator, program.slice(factor, i..<(i + 1)))
            known = known.map { program.concatenate([$0, v]) } ?? v
        }
        return known.map { program.gather($0, (0..<thetaDim).reversed()) } ?? normals
    }
}
