import Autodiff
import Glibc
import Kernels

/// y = L (U u) + b with L unit lower and U upper triangular, diag U = softplus(raw) + floor.
///
/// U is kept with its rows and columns reversed, so that both triangles are lower ones and both
/// solves append what becomes known.
///
/// *Reference*: Oliva et al. (2018), Transformation Autoregressive Networks, arXiv:1801.09819.
struct LowerUpperLayer: FlowLayer {
    private let thetaDim: Int
    private let floor: Float
    private let diagonal: Int
    private let bias: Int
    /// The strict triangles; absent in one dimension.
    private let triangles: (lower: Int, upper: Int)?

    init(_ name: String, floor: Double, thetaDim: Int, in layout: inout ParameterLayout) {
        self.thetaDim = thetaDim
        self.floor = Float(floor)
        diagonal = layout.addVector("\(name).diagonal", count: thetaDim)
        bias = layout.addVector("\(name).bias", count: thetaDim)
        if thetaDim > 1 {
            func triangle(_ part: String) -> Int {
                layout.addMatrix(
                    "\(name).\(part)",
                    rows: thetaDim,
                    columns: thetaDim,
                    rowExtents: (0..<thetaDim).map { 0..<$0 }
                )
            }
            triangles = (triangle("lower"), triangle("upper"))
        } else {
            triangles = nil
        }
    }

    func tensorPlaces(in layout: ParameterLayout) -> [TensorPlace] {
        var places = [diagonal, bias].map { TensorPlace(layout.vectors[$0]) }
        guard let triangles else { return places }
        let last = thetaDim - 1
        func place(_ matrix: ParameterLayout.Matrix, _ row: Int, _ column: Int) -> Int {
            matrix.offset + row * matrix.stride + column
        }
        let count = thetaDim * last / 2
        let lower = layout.matrices[triangles.lower]
        places.append(
            TensorPlace(
                name: lower.name,
                shape: [count],
                places: (0..<thetaDim).flatMap { row in
                    (0..<row).map { place(lower, row, $0) }
                }
            )
        )
        let upper = layout.matrices[triangles.upper]
        places.append(
            TensorPlace(
                name: upper.name,
                shape: [count],
                places: (0..<thetaDim).flatMap { row in
                    ((row + 1)..<thetaDim).map { place(upper, last - row, last - $0) }
                }
            )
        )
        return places
    }

    /// The identity.
    func initialize(_ parameters: inout [Float], layout: ParameterLayout, seed: UInt64) {
        let raw = Float(log(expm1(1 - Double(floor))))
        let vector = layout.vectors[diagonal]
        for entry in 0..<thetaDim { parameters[vector.offset + entry] = raw }
        guard let triangles else { return }
        for matrix in [layout.matrices[triangles.lower], layout.matrices[triangles.upper]] {
            for index in matrix.offset..<(matrix.offset + matrix.rows * matrix.stride) {
                parameters[index] = 0
            }
        }
    }

    private func appendDiagonal(to program: inout LaneProgram) -> LaneValue {
        program.scale(
            program.apply(.softplus, program.parameters(diagonal)),
            by: 1,
            plus: floor
        )
    }

    func appendForward(
        of u: LaneValue,
        given context: LaneValue,
        to program: inout LaneProgram
    ) -> (y: LaneValue, slopes: LaneValue?) {
        let diagonal = appendDiagonal(to: &program)
        var v = program.multiply(diagonal, u)
        if let triangles {
            let reversed = Array((0..<thetaDim).reversed())
            let sums = program.linear(triangles.upper, program.gather(u, reversed))
            v = program.add(v, program.gather(sums, reversed))
            v = program.linear(triangles.lower, v, adding: v)
        }
        return (program.add(v, program.parameters(bias)), diagonal)
    }

    func appendInverse(
        of y: LaneValue,
        given context: LaneValue,
        slopes: inout [LaneValue],
        to program: inout LaneProgram
    ) -> LaneValue {
        let diagonal = appendDiagonal(to: &program)
        slopes.append(diagonal)
        let centred = program.subtract(y, program.parameters(bias))
        guard let triangles else { return program.apply(.divide, centred, diagonal) }
        let reversed = Array((0..<thetaDim).reversed())
        let v = appendSolution(triangles.lower, of: centred, pivots: nil, to: &program)
        let u = appendSolution(
            triangles.upper,
            of: program.gather(v, reversed),
            pivots: program.gather(diagonal, reversed),
            to: &program
        )
        return program.gather(u, reversed)
    }

    /// Solves (T + diag pivots) x = b for a strict lower triangle T; the pivots are one when nil.
    private func appendSolution(
        _ triangle: Int,
        of b: LaneValue,
        pivots: LaneValue?,
        to program: inout LaneProgram
    ) -> LaneValue {
        var known: LaneValue?
        for row in 0..<thetaDim {
            var x = program.slice(b, row..<(row + 1))
            if let known {
                let sum = program.linear(
                    triangle,
                    known,
                    rows: row..<(row + 1),
                    columns: 0..<row
                )
                x = program.subtract(x, sum)
            }
            if let pivots {
                x = program.apply(.divide, x, program.slice(pivots, row..<(row + 1)))
            }
            known = known.map { program.concatenate([$0, x]) } ?? x
        }
        return known ?? b
    }
}
