import Autodiff
import Kernels

/// A normalizing flow over standardised theta: invertible maps from z to a standard normal.
///
///     log q(z) = −½ ‖y‖² − (D/2) log 2π + Σ log slopes,  y = Tₙ ∘ … ∘ T₁ (z)
///
/// *Reference*: Papamakarios, Nalisnick, Rezende, Mohamed, Lakshminarayanan (2021), Normalizing
/// Flows for Probabilistic Modeling and Inference, arXiv:1912.02762.
struct NormalizingFlow: DensityEstimator {
    let layout: ParameterLayout
    private let thetaDim: Int
    private let layers: [any FlowLayer]

    var normalCount: Int { thetaDim }
    var uniformCount: Int { 0 }

    /// Checks the architecture and lays out its parameters.
    init(
        _ architecture: FlowArchitecture,
        thetaDim: Int,
        contextDim: Int
    ) throws(EstimatorError) {
        try architecture.validate(thetaDim: thetaDim, contextDim: contextDim)
        self.thetaDim = thetaDim
        var layout = ParameterLayout()
        var layers: [any FlowLayer] = []
        for (index, transform) in architecture.transforms.enumerated() {
            let name = "transforms.\(index)"
            switch transform {
            case .elementwiseAffine:
                layers.append(ElementwiseAffineLayer(name, thetaDim: thetaDim, in: &layout))
            case .permutation(let permutation):
                layers.append(PermutationLayer(permutation))
            case .autoregressive(let transform):
                layers.append(
                    AutoregressiveLayer(transform, name, contextDim: contextDim, in: &layout)
                )
            case .lowerUpperLinear(let floor):
                layers.append(
                    LowerUpperLayer(name, floor: floor, thetaDim: thetaDim, in: &layout)
                )
            case .coupling(let transform):
                layers.append(
                    CouplingLayer(transform, name, contextDim: contextDim, in: &layout)
                )
            }
        }
        self.layers = layers
        self.layout = layout
    }

    var tensorPlaces: [TensorPlace] { layers.flatMap { $0.tensorPlaces(in: layout) } }

    func initialParameters(seed: UInt64) -> [Float] {
        var parameters = layout.uniformParameters(seed: seed)
        for layer in layers { layer.initialize(&parameters, layout: layout, seed: seed) }
        return parameters
    }

    func appendLogProb(
        of z: LaneValue,
        given context: LaneValue,
        to program: inout LaneProgram
    ) -> LaneValue {
        let (base, logSlopes) = appendForward(of: z, given: context, to: &program)
        return appendStandardNormal(base, logSlopes: logSlopes, to: &program)
    }

    func appendBase(
        of z: LaneValue,
        given context: LaneValue,
        to program: inout LaneProgram
    ) -> LaneValue? {
        appendForward(of: z, given: context, to: &program).base
    }

    /// The base variable, and logs of slopes to be summed: slopes of one width are added before.
    private func appendForward(
        of z: LaneValue,
        given context: LaneValue,
        to program: inout LaneProgram
    ) -> (base: LaneValue, logSlopes: [LaneValue]) {
        var u = z
        var logSlopes: [LaneValue] = []
        for layer in layers {
            let (y, slopes) = layer.appendForward(of: u, given: context, to: &program)
            u = y
            guard let slopes else { continue }
            let logs = program.apply(.log, slopes)
            if let place = logSlopes.firstIndex(where: { $0.width == logs.width }) {
                logSlopes[place] = program.add(logSlopes[place], logs)
            } else {
                logSlopes.append(logs)
            }
        }
        return (u, logSlopes)
    }

    func appendSample(
        normals: LaneValue,
        uniforms: LaneValue?,
        given context: LaneValue,
        to program: inout LaneProgram
    ) -> (z: LaneValue, logProb: LaneValue) {
        var z = normals
        var slopes: [LaneValue] = []
        for layer in layers.reversed() {
            z = layer.appendInverse(of: z, given: context, slopes: &slopes, to: &program)
        }
        let logSlopes =
            slopes.isEmpty ? [] : [program.apply(.log, program.concatenate(slopes))]
        return (z, appendStandardNormal(normals, logSlopes: logSlopes, to: &program))
    }

    /// Goes down from the base to z, then derives layer by layer on the same way, with z held:
    /// every layer's y moves with the context and with the y of the next layer towards z, whose
    /// place the cotangent of u takes.
    func appendDrawScore(
        normals: LaneValue,
        given context: LaneValue,
        to program: inout LaneProgram
    ) -> (z: LaneValue, score: LaneValue)? {
        var steps: [InverseStep] = []
        var z = normals
        for layer in layers.reversed() {
            steps.append(layer.appendInverseStep(of: z, given: context, to: &program))
            z = steps[steps.count - 1].u
        }
        // ∂(−½‖y‖²)/∂y at the base.
        var cotangent = program.scale(normals, by: -1)
        var score: LaneValue?
        for step in steps {
            let (u, part) = step.appendPullback(cotangent, &program)
            cotangent = u
            guard let part else { continue }
            score = score.map { program.add($0, part) } ?? part
        }
        let zero = program.literal(Array(repeating: 0, count: context.width))
        return (z, score ?? zero)
    }

    func appendStrata(
        normals: LaneValue,
        given context: LaneValue,
        to program: inout LaneProgram
    ) -> [Stratum]? {
        let draw = appendSample(normals: normals, uniforms: nil, given: context, to: &program)
        return [Stratum(draw: draw.z, logProb: draw.logProb)]
    }

    /// −½ Σ y² − (D/2) log 2π + Σ log slopes.
    private func appendStandardNormal(
        _ y: LaneValue,
        logSlopes: [LaneValue],
        to program: inout LaneProgram
    ) -> LaneValue {
        let constant = -0.5 * Double(thetaDim) * logTwoPi
        let base = program.scale(program.squaredNorm(y), by: -0.5, plus: Float(constant))
        return logSlopes.reduce(base) { total, logs in
            program.add(total, program.sum(logs))
        }
    }
}

/// log 2π.
let logTwoPi = 1.837_877_066_409_345_5
