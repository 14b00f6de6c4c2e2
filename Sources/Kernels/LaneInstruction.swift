/// One step of a tape: what to compute, and the rows it reads and writes.
///
/// Rows are numbered in the tape's memory; a group of rows is named by its first. The target rows
/// never overlap the rows an instruction reads, elementwise instructions aside, where target and
/// source may be the same.
public enum LaneInstruction: Sendable, Equatable {
    /// target[i] = addend[i] + Σₖ W[i, k] source[k], a chain of fused multiply-adds in the order
    /// of k.
    ///
    /// With several positions, the matrix is applied at each: entry k at position p of the source
    /// is row k · positions + p, and so for the target and the addend's rows.
    ///
    /// *Error bound*: |error| ≤ K u Σₖ |W[i, k] source[k]| / (1 − K u) with u = 2⁻²⁴ and K terms
    /// (Higham 2002, Accuracy and Stability of Numerical Algorithms, eq. 3.5).
    case linear(
        target: Int,
        source: Int,
        matrix: MatrixView,
        tiles: Range<Int>,
        positions: Int = 1,
        addend: MatrixAddend
    )
    /// gradient[i, k] += Σ over lanes and positions of cotangent[i] source[k]; the view is that of
    /// W, rows and positions those of `linear`.
    case outer(
        cotangent: Int,
        source: Int,
        sourceCount: Int,
        matrix: MatrixView,
        tiles: Range<Int>,
        positions: Int = 1
    )
    /// gradient[offset + i] += Σ over lanes of cotangent[i].
    case rowSums(cotangent: Int, count: Int, offset: Int)
    /// target = function(source).
    case unary(UnaryFunction, target: Int, source: Int, count: Int)
    /// target = function(left, right).
    case binary(BinaryFunction, target: Int, left: Int, right: Int, count: Int)
    /// target[i] = scales[i] source[i] + shifts[i], one fused multiply-add; both literal.
    case scaleAndShift(target: Int, source: Int, count: Int, scales: Int, shifts: Int)
    /// target = condition > 0 ? left : right.
    case select(target: Int, condition: Int, left: Int, right: Int, count: Int)
    /// target[i] = source[indices[i]].
    case gather(target: Int, source: Int, indices: Range<Int>)
    /// target[indices[i]] += source[i], from zero, in the order of i.
    case scatterAdd(target: Int, count: Int, source: Int, indices: Range<Int>)
    /// target[i] = Σ left[l] right[r] over the terms (i, l, r), fused, in the order given.
    case contraction(target: Int, count: Int, left: Int, right: Int, terms: Range<Int>)
    /// target[g] = max of source[g · size ..< (g + 1) · size].
    case groupMaximum(target: Int, count: Int, source: Int, size: Int)
    /// target = function(left, right) of `groups` groups of neighbouring rows; `right` is not read
    /// where the function has one operand.
    case groups(GroupFunction, target: Int, left: Int, right: Int, groups: Int)
    /// target[i] = the i-th scalar, in every lane.
    case fill(target: Int, count: Int, scalars: ScalarSource)
}

/// One product of a contraction: into row `target` goes left × right.
public struct ContractionTerm: Sendable, Hashable {
    /// Row of the result.
    public var target: Int
    /// Row of the left factor.
    public var left: Int
    /// Row of the right factor.
    public var right: Int

    /// Makes a term from its rows.
    public init(target: Int, left: Int, right: Int) {
        self.target = target
        self.left = left
        self.right = right
    }
}
