import Kernels

// What the graph of a lane program is made of.

/// Part of a parameter matrix, and at how many positions it is applied.
///
/// Entry k at position p of an operand is its scalar k · positions + p: a convolution is a product
/// at every place of an image, its windows gathered before.
struct MatrixBlock: Sendable, Hashable {
    var matrix: Int
    var rows: Range<Int>
    var columns: Range<Int>
    var positions = 1
}

/// The primitives of lane programs.
enum LaneOperation: Sendable, Hashable {
    /// An input, by its index.
    case input(Int)
    /// Constants.
    case literal([Float])
    /// Part of a parameter vector, by its index in the layout.
    case parameters(Int, Range<Int>)
    /// W x, or Wᵀ x when transposed; a second operand is added.
    case linear(MatrixBlock, transposed: Bool)
    /// A function of each scalar.
    case unary(UnaryFunction)
    /// A function of two values of one width.
    case binary(BinaryFunction)
    /// scales ⊙ x + shifts.
    case scaleAndShift(scales: [Float], shifts: [Float])
    /// First operand > 0 ? second : third.
    case select
    /// y[i] = x[indices[i]].
    case gather([Int])
    /// y[indices[i]] += x[i].
    case scatterAdd([Int])
    /// y[i] = Σ a[l] b[r] over terms (i, l, r), sorted by i.
    case contraction([ContractionTerm])
    /// The operands one after the other.
    case concatenate
    /// The largest of each group of `size` neighbours.
    case groupMaximum(size: Int)
    /// A function of groups of neighbours.
    case groups(GroupFunction, count: Int)
}

/// One node of the graph; operands come earlier in the list.
struct LaneNode: Sendable, Hashable {
    var operation: LaneOperation
    var operands: [Int]
    var width: Int
}

/// A sum over samples that goes into the gradient of the parameters.
enum ParameterSink: Sendable, Equatable {
    /// W̄ += cotangent sourceᵀ.
    case outer(MatrixBlock, cotangent: Int, source: Int)
    /// The gradient's entries from `offset` on += cotangent.
    case rowSums(offset: Int, cotangent: Int)

    /// The nodes it reads.
    var operands: [Int] {
        switch self {
        case .outer(_, let cotangent, let source): [cotangent, source]
        case .rowSums(_, let cotangent): [cotangent]
        }
    }
}
