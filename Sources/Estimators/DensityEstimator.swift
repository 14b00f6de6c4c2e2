import Autodiff
import Kernels

/// A conditional density over standardised theta, written as parts of lane programs.
///
/// Everything here happens in standardised space: z has mean about 0 and scale about 1, and
/// `context` is the standardised observation. `ConditionalDensity` adds the way there and back.
protocol DensityEstimator: ParameterizedPart {
    /// Standard normals one draw takes.
    var normalCount: Int { get }
    /// Uniforms one draw takes.
    var uniformCount: Int { get }

    /// Appends log q(z | context), of width 1.
    func appendLogProb(
        of z: LaneValue,
        given context: LaneValue,
        to program: inout LaneProgram
    ) -> LaneValue

    /// Appends the base variable z is mapped to; nil where there is none.
    func appendBase(
        of z: LaneValue,
        given context: LaneValue,
        to program: inout LaneProgram
    ) -> LaneValue?

    /// Appends a draw z made from noise, and its log density, of width 1.
    func appendSample(
        normals: LaneValue,
        uniforms: LaneValue?,
        given context: LaneValue,
        to program: inout LaneProgram
    ) -> (z: LaneValue, logProb: LaneValue)
}
