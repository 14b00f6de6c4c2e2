import Autodiff
import Kernels

/// The function between two layers of a network.
public enum Activation: String, Sendable, Hashable, CaseIterable {
    /// max(x, 0).
    case relu
    /// The hyperbolic tangent.
    case tanh
    /// σ(x) = 1 / (1 + e⁻ˣ).
    case sigmoid
    /// x above zero, eˣ − 1 below.
    case elu
    /// x above zero, x / 100 below.
    case leakyRelu = "leaky_relu"
    /// x σ(x).
    case silu
    /// log(1 + eˣ).
    case softplus
}

extension LaneProgram {
    /// Appends an activation of each scalar.
    mutating func activate(_ activation: Activation, _ x: LaneValue) -> LaneValue {
        switch activation {
        case .relu: return relu(x)
        case .tanh: return apply(.tanh, x)
        case .sigmoid: return apply(.sigmoid, x)
        case .elu:
            // The exponent never sees a large x, whose infinite power would make the gradient NaN.
            let negative = select(x, literal(Array(repeating: 0, count: x.width)), x)
            return select(x, x, scale(apply(.exp, negative), by: 1, plus: -1))
        case .leakyRelu: return select(x, x, scale(x, by: 0.01))
        case .silu: return multiply(x, apply(.sigmoid, x))
        case .softplus: return apply(.softplus, x)
        }
    }

    /// Appends the cotangent of x for one of `result`, the activation of x that is there already.
    mutating func appendPullback(
        of activation: Activation,
        _ x: LaneValue,
        _ result: LaneValue,
        cotangent: LaneValue
    ) -> LaneValue {
        switch activation {
        case .relu:
            return select(result, cotangent, literal(Array(repeating: 0, count: x.width)))
        case .tanh: return apply(.tanhCotangent, cotangent, result)
        case .sigmoid:
            return multiply(cotangent, multiply(result, scale(result, by: -1, plus: 1)))
        case .elu, .leakyRelu, .silu, .softplus:
            let again = activate(activation, x)
            return appendCotangents(
                of: again,
                cotangent: cotangent,
                withRespectTo: [x],
                holding: [x]
            )[0]
        }
    }
}
