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

    /// Appends draws made from noise that are smooth in noise and context, one for each part of
    /// the density, such as a component of a mixture, with the logarithm of the part's weight.
    ///
    /// The density is the sum of its parts by weight, so means over it are sums of means over
    /// parts. It is nil where the parts are too many to list.
    func appendStrata(
        normals: LaneValue,
        given context: LaneValue,
        to program: inout LaneProgram
    ) -> [Stratum]?

    /// Appends a draw z made from noise and ∂ log q(z | context) / ∂context with the draw held, for
    /// less than the parts cost that it could be made of; nil where there is no shorter way.
    func appendDrawScore(
        normals: LaneValue,
        given context: LaneValue,
        to program: inout LaneProgram
    ) -> (z: LaneValue, score: LaneValue)?
}

extension DensityEstimator {
    func appendDrawScore(
        normals: LaneValue,
        given context: LaneValue,
        to program: inout LaneProgram
    ) -> (z: LaneValue, score: LaneValue)? { nil }

    /// Appends the mean `[D]` and the precision factor A of a density that is one normal.
    ///
    /// Its precision is AᵀA. The factor's numbers are the diagonal `[D]`, then what stands above
    /// it row by row, or nothing where A is diagonal. Nil for other densities.
    func appendNormal(
        given context: LaneValue,
        to program: inout LaneProgram
    ) -> (mean: LaneValue, factor: LaneValue)? {
        guard let mixture = self as? MixtureDensityNetwork else { return nil }
        return mixture.appendOnlyComponent(given: context, to: &program)
    }
}

/// A draw from one part of a density.
struct Stratum {
    /// The draw, `[D]`.
    var draw: LaneValue
    /// The logarithm of the part's weight, of width 1; nil for the whole.
    var logWeight: LaneValue?
    /// The log density of the whole at the draw, where drawing gives it; z's own, but for a
    /// constant, when theta is standardised.
    var logProb: LaneValue?
}
