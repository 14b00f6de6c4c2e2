package import Autodiff
package import Distributions
import Kernels

/// log q(theta | x) in the user's units: an estimator between the standardisation of x and the
/// way of theta to standardised, unconstrained space.
package struct ConditionalDensity: Sendable {
    let estimator: any DensityEstimator
    let standardization: Standardization
    let support: SupportMap

    /// D.
    package var thetaDim: Int { support.transforms.count }
    /// L.
    package var xDim: Int { standardization.xMean.count }

    /// Joins the parts.
    ///
    /// - Throws: `EstimatorError` naming the part that does not fit.
    package init(
        architecture: EstimatorArchitecture,
        prior: DistributionDescription,
        support: PosteriorSupport = .unconstrained,
        standardization: Standardization
    ) throws(EstimatorError) {
        let transforms = prior.supportTransforms
        self.support = SupportMap(
            transforms: support == .unconstrained
                ? transforms : Array(repeating: .identity, count: transforms.count)
        )
        self.standardization = standardization
        let thetaDim = transforms.count
        let xDim = standardization.xMean.count
        try EstimatorArchitecture.validate(thetaDim: thetaDim, xDim: xDim)
        guard standardization.thetaScale.count == thetaDim,
            standardization.thetaShift.count == thetaDim,
            standardization.xStandardDeviation.count == xDim
        else { throw .invalidArchitecture("the standardisation has other dimensions") }
        try standardization.validate()
        switch architecture {
        case .flow(let architecture):
            estimator = try NormalizingFlow(architecture, thetaDim: thetaDim, contextDim: xDim)
        case .mixtureDensityNetwork(let architecture):
            estimator = try MixtureDensityNetwork(architecture, thetaDim: thetaDim, xDim: xDim)
        }
    }

    /// The parameters its programs read.
    package var layout: ParameterLayout { estimator.layout }

    /// Appends log q(theta | x), of width 1, for theta `[D]` and x `[L]` in the user's units.
    package func appendLogProb(
        of theta: LaneValue,
        given x: LaneValue,
        to program: inout LaneProgram
    ) -> LaneValue {
        let context = standardization.appendContext(of: x, to: &program)
        let (u, supportLog) = support.appendUnconstrained(theta, to: &program)
        let z = standardization.appendStandardized(u, to: &program)
        var logProb = estimator.appendLogProb(of: z, given: context, to: &program)
        if let supportLog { logProb = program.add(logProb, supportLog) }
        return program.scale(logProb, by: 1, plus: Float(standardization.logDeterminant))
    }

    /// A program with inputs theta `[D]` and x `[L]`, in this order, and its log density.
    func logProbProgram() -> (program: LaneProgram, logProb: LaneValue) {
        var program = LaneProgram(layout: layout)
        let theta = program.input(thetaDim, rate: .sample)
        let x = program.input(xDim, rate: .observation)
        let logProb = appendLogProb(of: theta, given: x, to: &program)
        return (program, logProb)
    }

    /// A program with inputs theta `[D]` and x `[L]`, in this order, and the base variable of
    /// theta; nil for an estimator without one.
    func baseProgram() -> (program: LaneProgram, base: LaneValue)? {
        var program = LaneProgram(layout: layout)
        let theta = program.input(thetaDim, rate: .sample)
        let x = program.input(xDim, rate: .observation)
        let context = standardization.appendContext(of: x, to: &program)
        let u = support.appendUnconstrained(theta, to: &program).u
        let z = standardization.appendStandardized(u, to: &program)
        return estimator.appendBase(of: z, given: context, to: &program).map { (program, $0) }
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
        let theta = support.appendTheta(of: u, to: &program)
        return (program, theta, logProb)
    }
}
