import Foundation
import Kernels

/// The set of perturbations up to a size: a ball of one of two norms.
public enum NormBall: String, Sendable, CaseIterable {
    /// ‖δ‖₂ ≤ r.
    case l2
    /// max │δᵢ│ ≤ r.
    case linf

    /// The norm of a perturbation.
    public func norm(_ delta: some Collection<Float>) -> Double {
        switch self {
        case .l2: delta.reduce(0) { $0 + Double($1) * Double($1) }.squareRoot()
        case .linf: delta.reduce(0) { max($0, Double(abs($1))) }
        }
    }

    /// Moves a perturbation to the nearest one inside the ball, in place.
    func project(_ delta: inout ArraySlice<Float>, radius: Double) {
        switch self {
        case .l2:
            let size = norm(delta)
            guard size > radius else { return }
            // Rounded down, so that the result is inside in single precision, too.
            let scale = Float(radius / size).nextDown
            for place in delta.indices { delta[place] *= scale }
        case .linf:
            let bound = Float(radius).roundedToward(radius)
            for place in delta.indices { delta[place] = min(max(delta[place], -bound), bound) }
        }
    }

    /// The perturbation of norm 1 along which a linear function with this gradient grows fastest;
    /// zero where the gradient is zero or not finite.
    func steepest(_ gradient: ArraySlice<Float>) -> [Float] {
        switch self {
        case .l2:
            let size = norm(gradient)
            guard size > 0, size.isFinite else { return gradient.map { _ in 0 } }
            return gradient.map { Float(Double($0) / size) }
        case .linf:
            guard gradient.allSatisfy(\.isFinite) else { return gradient.map { _ in 0 } }
            return gradient.map { $0 > 0 ? 1 : $0 < 0 ? -1 : 0 }
        }
    }

    /// A perturbation drawn uniformly from the ball of radius r.
    func draw(dimension: Int, radius: Double, using stream: inout RandomStream) -> [Float] {
        switch self {
        case .l2:
            let direction = (0..<dimension).map { _ in stream.normal() }
            let size = direction.reduce(0) { $0 + $1 * $1 }.squareRoot()
            let length = radius * pow(stream.uniform(), 1 / Double(dimension))
            return direction.map { Float($0 / size * length) }
        case .linf:
            return (0..<dimension).map { _ in Float(radius * (2 * stream.uniform() - 1)) }
        }
    }
}

extension Float {
    /// This number, or the next towards zero where it lies beyond a bound it was rounded from.
    fileprivate func roundedToward(_ bound: Double) -> Float {
        Double(self) > bound ? nextDown : self
    }
}
