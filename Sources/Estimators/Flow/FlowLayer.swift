import Autodiff
import Kernels

/// One invertible map u → y of a flow, its parameters laid out.
///
/// Forward is the way from theta to the base. The log-determinant is the sum of the logs of
/// *slopes*, values that are positive; a map without any keeps volumes.
protocol FlowLayer: Sendable {
    /// The tensors a model file holds, and where each stands in the layout.
    func tensorPlaces(in layout: ParameterLayout) -> [TensorPlace]

    /// Moves parameters that do not start uniform to where they start.
    func initialize(_ parameters: inout [Float], layout: ParameterLayout, seed: UInt64)

    /// Appends y, and the slopes of the map at u.
    func appendForward(
        of u: LaneValue,
        given context: LaneValue,
        to program: inout LaneProgram
    ) -> (y: LaneValue, slopes: LaneValue?)

    /// Appends u; adds the slopes of the forward map there to `slopes`.
    func appendInverse(
        of y: LaneValue,
        given context: LaneValue,
        slopes: inout [LaneValue],
        to program: inout LaneProgram
    ) -> LaneValue

    /// Appends u, and the way back of cotangents through the forward map there.
    func appendInverseStep(
        of y: LaneValue,
        given context: LaneValue,
        to program: inout LaneProgram
    ) -> InverseStep
}

/// What the inverse of a layer gives, and the derivative of the forward map there.
struct InverseStep {
    /// u.
    var u: LaneValue
    /// Appends ȳᵀ ∂y + ∂ Σ log slopes by u and by the context, for a cotangent ȳ; nil where the
    /// context has no part in the map.
    var appendPullback:
        (_ cotangent: LaneValue, _ program: inout LaneProgram) -> (
            u: LaneValue, context: LaneValue?
        )
}

extension FlowLayer {
    func appendInverseStep(
        of y: LaneValue,
        given context: LaneValue,
        to program: inout LaneProgram
    ) -> InverseStep {
        var unused: [LaneValue] = []
        let u = appendInverse(of: y, given: context, slopes: &unused, to: &program)
        return InverseStep(u: u) { cotangent, program in
            let (again, slopes) = appendForward(of: u, given: context, to: &program)
            let parts = program.appendPullback(
                of: again,
                slopes,
                cotangent: cotangent,
                to: [u, context]
            )
            return (parts[0], parts[1])
        }
    }

    func tensorPlaces(in layout: ParameterLayout) -> [TensorPlace] { [] }
    func initialize(_ parameters: inout [Float], layout: ParameterLayout, seed: UInt64) {}
}

extension LaneProgram {
    /// Appends ȳᵀ ∂y + ∂ Σ log slopes by values that are held themselves.
    mutating func appendPullback(
        of y: LaneValue,
        _ slopes: LaneValue?,
        cotangent: LaneValue,
        to values: [LaneValue]
    ) -> [LaneValue] {
        var sum = dot(cotangent, y)
        if let slopes { sum = add(sum, self.sum(apply(.log, slopes))) }
        return appendCotangents(
            of: sum,
            cotangent: literal([1]),
            withRespectTo: values,
            holding: values + [cotangent]
        )
    }
}

/// The weight and the bias of a linear layer, as indices into a layout.
struct LinearLayer: Sendable {
    var weight: Int
    var bias: Int

    /// Adds a layer to a layout.
    init(
        _ name: String,
        rows: Int,
        columns: Int,
        rowExtents: [Range<Int>]? = nil,
        in layout: inout ParameterLayout
    ) {
        weight = layout.addMatrix(
            "\(name).weight",
            rows: rows,
            columns: columns,
            rowExtents: rowExtents
        )
        bias = layout.addVector("\(name).bias", count: rows)
    }

    /// Its tensors; the orders say which of the file's rows and columns stands at each of ours.
    func tensorPlaces(
        in layout: ParameterLayout,
        rowOrder: [Int]? = nil,
        columnOrder: [Int]? = nil
    ) -> [TensorPlace] {
        [
            TensorPlace(layout.matrices[weight], rowOrder: rowOrder, columnOrder: columnOrder),
            TensorPlace(layout.vectors[bias], order: rowOrder),
        ]
    }

    /// W x + b.
    func append(_ x: LaneValue, to program: inout LaneProgram) -> LaneValue {
        program.linear(weight, x, adding: program.parameters(bias))
    }
}

/// y[i] = u[permutation[i]].
struct PermutationLayer: FlowLayer {
    private let permutation: [Int]
    private let inverse: [Int]

    init(_ permutation: [Int]) {
        self.permutation = permutation
        inverse = permutation.inversePermutation
    }

    func appendForward(
        of u: LaneValue,
        given context: LaneValue,
        to program: inout LaneProgram
    ) -> (y: LaneValue, slopes: LaneValue?) {
        (program.gather(u, permutation), nil)
    }

    func appendInverse(
        of y: LaneValue,
        given context: LaneValue,
        slopes: inout [LaneValue],
        to program: inout LaneProgram
    ) -> LaneValue {
        program.gather(y, inverse)
    }
}

/// y = scale ⊙ u + shift, both parameters; the scale of a file is positive.
struct ElementwiseAffineLayer: FlowLayer {
    private let scale: Int
    private let shift: Int

    init(_ name: String, thetaDim: Int, in layout: inout ParameterLayout) {
        scale = layout.addVector("\(name).scale", count: thetaDim)
        shift = layout.addVector("\(name).shift", count: thetaDim)
    }

    func tensorPlaces(in layout: ParameterLayout) -> [TensorPlace] {
        var places = [scale, shift].map { TensorPlace(layout.vectors[$0]) }
        places[0].isPositive = true
        return places
    }

    func initialize(_ parameters: inout [Float], layout: ParameterLayout, seed: UInt64) {
        let vector = layout.vectors[scale]
        for entry in 0..<vector.count { parameters[vector.offset + entry] = 1 }
    }

    func appendForward(
        of u: LaneValue,
        given context: LaneValue,
        to program: inout LaneProgram
    ) -> (y: LaneValue, slopes: LaneValue?) {
        let scale = program.parameters(scale)
        return (program.add(program.multiply(scale, u), program.parameters(shift)), scale)
    }

    func appendInverse(
        of y: LaneValue,
        given context: LaneValue,
        slopes: inout [LaneValue],
        to program: inout LaneProgram
    ) -> LaneValue {
        let scale = program.parameters(scale)
        slopes.append(scale)
        return program.apply(.divide, program.subtract(y, program.parameters(shift)), scale)
    }
}

extension [Int] {
    /// The place of each index in a permutation.
    var inversePermutation: [Int] {
        var inverse = self
        for (place, index) in enumerated() { inverse[index] = place }
        return inverse
    }
}
