internal import CLaneLoops
import Glibc

/// A function applied to every lane of every row on its own.
public enum UnaryFunction: UInt8, Sendable, Hashable, CaseIterable {
    /// eˣ.
    case exp
    /// The natural logarithm.
    case log
    /// The hyperbolic tangent.
    case tanh
    /// σ(x) = 1 / (1 + e⁻ˣ).
    case sigmoid
    /// log(1 + eˣ).
    case softplus
    /// √x.
    case squareRoot
    /// 1 where x > 0, else 0 (NaN included).
    case step

    /// The stated error bound, in units in the last place of the result.
    public var errorBoundULP: Double {
        switch self {
        case .exp, .log: 1.5
        case .tanh: 6
        case .sigmoid, .softplus: 3
        case .squareRoot: 0.5
        case .step: 0
        }
    }

    /// The naive twin, in Double.
    public func naive(_ x: Double) -> Double {
        switch self {
        case .exp: Glibc.exp(x)
        case .log: Glibc.log(x)
        case .tanh: Glibc.tanh(x)
        case .sigmoid: x >= 0 ? 1 / (1 + Glibc.exp(-x)) : Glibc.exp(x) / (1 + Glibc.exp(x))
        case .softplus: max(x, 0) + log1p(Glibc.exp(-abs(x)))
        case .squareRoot: x.squareRoot()
        case .step: x > 0 ? 1 : 0
        }
    }
}

/// A function of two rows, lane by lane.
public enum BinaryFunction: UInt8, Sendable, Hashable, CaseIterable {
    /// a + b.
    case add
    /// a − b.
    case subtract
    /// a b.
    case multiply
    /// a / b.
    case divide
    /// a (1 − b²): the cotangent a taken back through b = tanh x.
    case tanhCotangent

    /// The naive twin, in Double.
    public func naive(_ a: Double, _ b: Double) -> Double {
        switch self {
        case .add: a + b
        case .subtract: a - b
        case .multiply: a * b
        case .divide: a / b
        case .tanhCotangent: a * (1 - b * b)
        }
    }
}

extension UnaryFunction {
    /// Its name among the loops.
    var loop: lane_unary {
        switch self {
        case .exp: .exp
        case .log: .log
        case .tanh: .tanh
        case .sigmoid: .sigmoid
        case .softplus: .softplus
        case .squareRoot: .square_root
        case .step: .step
        }
    }
}

extension BinaryFunction {
    /// Its name among the loops.
    var loop: lane_binary {
        switch self {
        case .add: .add
        case .subtract: .subtract
        case .multiply: .multiply
        case .divide: .divide
        case .tanhCotangent: .tanh_cotangent
        }
    }
}
