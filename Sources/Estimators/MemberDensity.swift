import Autodiff
import Kernels

/// log q(u | x) over unconstrained theta u: an estimator, the standardisation of u and x, and the
/// network, if there is one, that turns x into the estimator's context.
struct MemberDensity: Sendable {
    let estimator: any DensityEstimator
    let standardization: Standardization
    /// The estimator's parameters, then those of the embedding network.
    let layout: ParameterLayout
    private let embedding: EmbeddingNetwork?
    private let estimatorPart: ParameterLayout.Part
    private let embeddingPart: ParameterLayout.Part

    /// L.
    var xDim: Int { standardization.xMean.count }
    /// C, the number of scalars the estimator sees of an observation.
    var contextDim: Int { embedding?.outputWidth ?? xDim }
    /// Whether a network stands between x and the estimator.
    var hasEmbedding: Bool { embedding != nil }

    /// Joins the parts.
    ///
    /// - Throws: `EstimatorError` naming the part that does not fit.
    init(
        _ member: EnsembleMember,
        thetaDim: Int,
        standardization: Standardization
    ) throws(EstimatorError) {
        let xDim = standardization.xMean.count
        try EstimatorArchitecture.validate(thetaDim: thetaDim, xDim: xDim)
        guard standardization.thetaScale.count == thetaDim,
            standardization.thetaShift.count == thetaDim,
            standardization.xStandardDeviation.count == xDim
        else { throw .invalidArchitecture("the standardisation has other dimensions") }
        try standardization.validate()
        self.standardization = standardization
        var contextDim = xDim
        if let architecture = member.embedding {
            let network = try EmbeddingNetwork(architecture)
            // The network has checked the product.
            guard architecture.xShape.reduce(1, *) == xDim else {
                throw .invalidArchitecture(
                    "the embedding takes x of shape \(architecture.xShape), not \(xDim) entries"
                )
            }
            embedding = network
            contextDim = network.outputWidth
        } else {
            embedding = nil
        }
        estimator = try member.estimator.estimator(thetaDim: thetaDim, contextDim: contextDim)
        var layout = ParameterLayout()
        estimatorPart = layout.append(estimator.layout)
        embeddingPart = layout.append(embedding?.layout ?? ParameterLayout())
        self.layout = layout
    }

    /// The parameters of a file's tensors, whose names are those of this density alone.
    ///
    /// - Throws: `EstimatorError` naming a tensor that is missing, of another shape, or useless.
    func parameters(from tensors: [String: Tensor]) throws(EstimatorError) -> [Float] {
        let own = try estimator.parameters(from: tensors)
        guard let embedding else { return own }
        return own + (try embedding.parameters(from: tensors))
    }

    /// The tensors of a parameter vector, the standardisation included.
    func tensors(of parameters: ArraySlice<Float>) -> [String: Tensor] {
        let (own, rest) = (
            parameters.prefix(estimator.layout.count), parameters.dropFirst(estimator.layout.count)
        )
        return estimator.tensors(of: Array(own))
            .merging(embedding?.tensors(of: Array(rest)) ?? [:]) { first, _ in first }
            .merging(standardization.tensors) { first, _ in first }
    }

    /// Random initial weights; a function of the seed alone.
    func initialParameters(seed: UInt64) -> [Float] {
        let own = estimator.initialParameters(seed: seed)
        guard let embedding else { return own }
        return own + embedding.initialParameters(seed: RandomStream(seed: seed).substream(1).seed)
    }
}

// As parts of programs; the program's part in hand is this density's.
extension MemberDensity {
    /// What the estimator sees of x `[L]`.
    func appendContext(of x: LaneValue, to program: inout LaneProgram) -> LaneValue {
        let standardized = standardization.appendContext(of: x, to: &program)
        guard let embedding else { return standardized }
        return program.within(embeddingPart) {
            embedding.appendContext(of: standardized, to: &$0)
        }
    }

    /// log q(z | context) at the standardised z of u: the density of u but for a constant,
    /// `standardization.logDeterminant`.
    func appendLogProb(
        of u: LaneValue,
        given context: LaneValue,
        to program: inout LaneProgram
    ) -> LaneValue {
        let z = standardization.appendStandardized(u, to: &program)
        return program.within(estimatorPart) {
            estimator.appendLogProb(of: z, given: context, to: &$0)
        }
    }

    /// The base variable of u; nil for an estimator without one.
    func appendBase(
        of u: LaneValue,
        given context: LaneValue,
        to program: inout LaneProgram
    ) -> LaneValue? {
        let z = standardization.appendStandardized(u, to: &program)
        return program.within(estimatorPart) {
            estimator.appendBase(of: z, given: context, to: &$0)
        }
    }

    /// A draw u, and the log density of its z.
    func appendSample(
        normals: LaneValue,
        uniforms: LaneValue?,
        given context: LaneValue,
        to program: inout LaneProgram
    ) -> (u: LaneValue, logProb: LaneValue) {
        let draw = program.within(estimatorPart) {
            estimator.appendSample(
                normals: normals,
                uniforms: uniforms,
                given: context,
                to: &$0
            )
        }
        return (standardization.appendUnstandardized(draw.z, to: &program), draw.logProb)
    }

    /// Draws u from the parts of the density; nil where those are too many.
    func appendStrata(
        normals: LaneValue,
        given context: LaneValue,
        to program: inout LaneProgram
    ) -> [Stratum]? {
        let strata = program.within(estimatorPart) {
            estimator.appendStrata(normals: normals, given: context, to: &$0)
        }
        return strata?.map { stratum in
            Stratum(
                draw: standardization.appendUnstandardized(stratum.draw, to: &program),
                logWeight: stratum.logWeight,
                logProb: stratum.logProb
            )
        }
    }

    /// A draw u and ∂ log q(u | context) / ∂context with the draw held; nil where there is no
    /// shorter way than its parts.
    func appendDrawScore(
        normals: LaneValue,
        given context: LaneValue,
        to program: inout LaneProgram
    ) -> (u: LaneValue, score: LaneValue)? {
        let draw = program.within(estimatorPart) {
            estimator.appendDrawScore(normals: normals, given: context, to: &$0)
        }
        return draw.map { (standardization.appendUnstandardized($0.z, to: &program), $0.score) }
    }

    /// Mean and precision factor of z, of a density that is one normal.
    func appendNormal(
        given context: LaneValue,
        to program: inout LaneProgram
    ) -> (mean: LaneValue, factor: LaneValue)? {
        program.within(estimatorPart) { estimator.appendNormal(given: context, to: &$0) }
    }
}
