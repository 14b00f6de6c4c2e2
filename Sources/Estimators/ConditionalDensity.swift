import Autodiff
import Distributions
import Kernels

/// log q(theta | x) in the user's units: an estimator between the standardisation of x and the
/// way of theta to standardised, unconstrained space.
struct ConditionalDensity: Sendable {
    let estimator: any DensityEstimator
    let standardization: Standardization
    let support: SupportMap

    var thetaDim: Int { support.transforms.count }
    var xDim: Int { standardization.xMean.count }

    init(
        architecture: EstimatorArchitecture,
        prior: DistributionDescription,
        standardization: Standardization
    ) throws(EstimatorError) {
        support = SupportMap(transforms: prior.supportTransforms)
        self.standardization = standardization
        let thetaDim = support.transforms.count
        let xDim = standardization.xMean.count
        try EstimatorArchitecture.validate(thetaDim: thetaDim, xDim: xDim)
        guard standardization.thetaScale.count == thetaDim,
            standardization.thetaShift.count == thetaDim,
            standardization.xStandardDeviation.count == xDim
        else { throw .invalidArchitecture("the standardisation has other dimensions") }
        try standardization.validate()
        switch architecture {
        case .maskedAutoregressiveFlow(let architecture):
            estimator = try MaskedAutoregressiveFlow(architecture, thetaDim: thetaDim, xDim: xDim)
        case .mixtureDensityNetwork(let architecture):
            estimator = try MixtureDensityNetwork(architecture, thetaDim: thetaDim, xDim: xDim)
        }
    }

    /// A program with inputs theta `[D]` and x `[L]`, in this order, and its log density.
    func logProbProgram() -> (program: LaneProgram, theta: LaneValue, x: LaneValue, logProb: LaneValue)
    {
        var program = LaneProgram(layout: estimator.layout)
        let theta = program.input(thetaDim, rate: .sample)
        let x = program.input(xDim, rate: .observation)
        let context = standardization.appendContext(of: x, to: &program)
        let (u, supportLog) = support.appendUnconstrained(theta, to: &program)
        let z = standardization.appendStandardized(u, to: &program)
        var logProb = estimator.appendLogProb(of: z, given: context, to: &program)
        if let supportLog { logProb = program.add(logProb, supportLog) }
        logProb = program.scale(logProb, by: 1, plus: Float(standardization.logDeterminant))
        return (program, theta, x, logProb)
    }

    /// A program with inputs x `[L]`, normals `[D]` and, where needed, a uniform.
    func sampleProgram() -> (program: LaneProgram, theta: LaneValue, logProb: LaneValue) {
        var program = LaneProgram(layout: estimator.layout)
        let x = program.input(xDim, rate: .observation)
        let normals = program.input(estimator.normalCount, rate: .sample, kind: .noise(.normal))
        let uniforms =
            estimator.uniformCount > 0
            ? program.input(estimator.uniformCount, rate: .sample, kind: .noise(.uniform)) : nil
        let context = standardization.appendContext(of: x, to: &program)
        let draw = estimator.appendSample(
            normals: normals,
            uniforms: uniforms,
            given: context,
            to: &program
        )
        let u = standardization.appendUnstandardized(draw.z, to: &program)
        var logProb = draw.logProb
        if let supportLog = support.appendLogDeterminant(ofTheta: u, to: &program) {
            logProb = program.add(logProb, supportLog)
        }
        logProb = program.scale(logProb, by: 1, plus: Float(standardization.logDeterminant))
        return (program, support.appendTheta(of: u, to: &program), logProb)
    }
}
