import Autodiff
import Kernels

/// A masked autoregressive flow over standardised theta, in sbi's form.
///
/// One transform maps u to z by an affine map of each dimension whose scale and shift come from a
/// masked network that sees the earlier dimensions and the context, then permutes:
///
///     h = tanh(W₀ u + b₀ + tanh(W_c e + b_c));  each block: h = tanh(W h + b)
///     (aᵢ, mᵢ) = (W_f h + b_f)[2i, 2i + 1];  zᵢ = (softplus(aᵢ) + floor) uᵢ + mᵢ
///
/// Hidden units are kept sorted by degree. Every masked matrix is then block-triangular, and the
/// inverse evaluates each unit once, as soon as the dimensions it sees are known.
///
/// *Reference*: Papamakarios, Pavlakou, Murray (2017), Masked Autoregressive Flow for Density
/// Estimation, arXiv:1705.07057; Germain, Gregor, Murray, Larochelle (2015), MADE,
/// arXiv:1502.03509.
struct MaskedAutoregressiveFlow: DensityEstimator {
    /// The layers of one transform, as indices into the layout.
    private struct Layers {
        /// The file's unit at each of our places: units sorted by degree.
        var order: [Int]
        /// How many units have a degree of at most d, for d = 0 ... D.
        var unitsUpTo: [Int]
        var permutation: [Int]
        var initial: (weight: Int, bias: Int)
        var context: (weight: Int, bias: Int)
        var blocks: [(weight: Int, bias: Int)]
        var final: (weight: Int, bias: Int)
    }

    let layout: ParameterLayout
    private let thetaDim: Int
    private let scaleFloor: Float
    private let transforms: [Layers]

    var normalCount: Int { thetaDim }
    var uniformCount: Int { 0 }

    /// Checks the architecture and lays out its parameters.
    init(
        _ architecture: MaskedAutoregressiveFlowArchitecture,
        thetaDim: Int,
        xDim: Int
    ) throws(EstimatorError) {
        try architecture.validate(thetaDim: thetaDim)
        self.thetaDim = thetaDim
        scaleFloor = Float(architecture.scaleFloor)
        var layout = ParameterLayout()
        transforms = architecture.transforms.enumerated().map { index, transform in
            Self.lay(
                transform,
                name: "transforms.\(index)",
                architecture,
                thetaDim,
                xDim,
                into: &layout
            )
        }
        self.layout = layout
    }

    private static func lay(
        _ transform: MaskedAutoregressiveFlowArchitecture.Transform,
        name: String,
        _ architecture: MaskedAutoregressiveFlowArchitecture,
        _ thetaDim: Int,
        _ xDim: Int,
        into layout: inout ParameterLayout
    ) -> Layers {
        let hidden = architecture.hiddenFeatures
        let order = (0..<hidden).sorted {
            (transform.degrees[$0], $0) < (transform.degrees[$1], $1)
        }
        let degrees = order.map { transform.degrees[$0] }
        let unitsUpTo = (0...thetaDim).map { degree in degrees.count { $0 <= degree } }
        func layer(
            _ part: String,
            _ rows: Int,
            _ columns: Int,
            _ extents: [Range<Int>]? = nil
        ) -> (weight: Int, bias: Int) {
            (
                layout.addMatrix(
                    "\(name).\(part).weight",
                    rows: rows,
                    columns: columns,
                    rowExtents: extents
                ),
                layout.addVector("\(name).\(part).bias", count: rows)
            )
        }
        return Layers(
            order: order,
            unitsUpTo: unitsUpTo,
            permutation: transform.permutation,
            initial: layer("initial", hidden, thetaDim, degrees.map { 0..<$0 }),
            context: layer("context", hidden, xDim),
            blocks: (0..<architecture.blocks).map { block in
                layer("blocks.\(block)", hidden, hidden, degrees.map { 0..<unitsUpTo[$0] })
            },
            // The two numbers of feature i, which has degree i + 1, see smaller degrees only.
            final: layer(
                "final",
                2 * thetaDim,
                hidden,
                (0..<(2 * thetaDim)).map { 0..<unitsUpTo[$0 / 2] }
            )
        )
    }

    var tensorPlaces: [TensorPlace] {
        transforms.flatMap { layers in
            let order = layers.order
            var places = [
                TensorPlace(layout.matrices[layers.initial.weight], rowOrder: order),
                TensorPlace(layout.vectors[layers.initial.bias], order: order),
                TensorPlace(layout.matrices[layers.context.weight], rowOrder: order),
                TensorPlace(layout.vectors[layers.context.bias], order: order),
            ]
            for block in layers.blocks {
                places.append(
                    TensorPlace(
                        layout.matrices[block.weight],
                        rowOrder: order,
                        columnOrder: order
                    )
                )
                places.append(TensorPlace(layout.vectors[block.bias], order: order))
            }
            places.append(TensorPlace(layout.matrices[layers.final.weight], columnOrder: order))
            places.append(TensorPlace(layout.vectors[layers.final.bias]))
            return places
        }
    }

    func initialParameters(seed: UInt64) -> [Float] { uniformParameters(seed: seed) }
}

// Density: theta to base.
extension MaskedAutoregressiveFlow {
    func appendLogProb(
        of z: LaneValue,
        given context: LaneValue,
        to program: inout LaneProgram
    ) -> LaneValue {
        let (base, logScales) = appendForward(of: z, given: context, to: &program)
        return appendStandardNormal(base, logScales: logScales, to: &program)
    }

    func appendBase(
        of z: LaneValue,
        given context: LaneValue,
        to program: inout LaneProgram
    ) -> LaneValue? {
        appendForward(of: z, given: context, to: &program).base
    }

    /// The base variable, and the sum over transforms of log scales, `[D]`.
    private func appendForward(
        of z: LaneValue,
        given context: LaneValue,
        to program: inout LaneProgram
    ) -> (base: LaneValue, logScales: LaneValue?) {
        var u = z
        var logScales: LaneValue?
        for layers in transforms {
            let first = appendContext(layers, context, to: &program)
            var hidden = program.linear(layers.initial.weight, u, adding: first)
            hidden = program.apply(.tanh, hidden)
            for block in layers.blocks {
                let bias = program.parameters(block.bias)
                hidden = program.apply(
                    .tanh,
                    program.linear(block.weight, hidden, adding: bias)
                )
            }
            let bias = program.parameters(layers.final.bias)
            let numbers = program.linear(layers.final.weight, hidden, adding: bias)
            let scales = appendScales(
                program.gather(numbers, (0..<thetaDim).map { 2 * $0 }),
                to: &program
            )
            let shifts = program.gather(numbers, (0..<thetaDim).map { 2 * $0 + 1 })
            let mapped = program.add(program.multiply(scales, u), shifts)
            let logs = program.apply(.log, scales)
            logScales = logScales.map { program.add($0, logs) } ?? logs
            u = program.gather(mapped, layers.permutation)
        }
        return (u, logScales)
    }

    /// b₀ + tanh(W_c e + b_c): all a transform takes from the observation.
    private func appendContext(
        _ layers: Layers,
        _ context: LaneValue,
        to program: inout LaneProgram
    ) -> LaneValue {
        let bias = program.parameters(layers.context.bias)
        let projected = program.linear(layers.context.weight, context, adding: bias)
        return program.add(
            program.apply(.tanh, projected),
            program.parameters(layers.initial.bias)
        )
    }

    private func appendScales(_ raw: LaneValue, to program: inout LaneProgram) -> LaneValue {
        program.scale(program.apply(.softplus, raw), by: 1, plus: scaleFloor)
    }

    /// −½ Σ u² − (D/2) log 2π + Σ log scale.
    private func appendStandardNormal(
        _ u: LaneValue,
        logScales: LaneValue?,
        to program: inout LaneProgram
    ) -> LaneValue {
        let constant = -0.5 * Double(thetaDim) * logTwoPi
        let base = program.scale(program.squaredNorm(u), by: -0.5, plus: Float(constant))
        guard let logScales else { return base }
        return program.add(base, program.sum(logScales))
    }
}

// Draws: base to theta, in one sweep.
extension MaskedAutoregressiveFlow {
    func appendSample(
        normals: LaneValue,
        uniforms: LaneValue?,
        given context: LaneValue,
        to program: inout LaneProgram
    ) -> (z: LaneValue, logProb: LaneValue) {
        var z = normals
        var scales: [LaneValue] = []
        for layers in transforms.reversed() {
            var inverse = layers.permutation
            for (place, index) in layers.permutation.enumerated() { inverse[index] = place }
            let mapped = program.gather(z, inverse)
            z = appendInverse(layers, of: mapped, context, scales: &scales, to: &program)
        }
        let logs = program.apply(.log, program.concatenate(scales))
        return (z, appendStandardNormal(normals, logScales: logs, to: &program))
    }

    /// Solves the affine map dimension by dimension; a unit is evaluated once, when the last
    /// dimension it sees is known.
    private func appendInverse(
        _ layers: Layers,
        of mapped: LaneValue,
        _ context: LaneValue,
        scales: inout [LaneValue],
        to program: inout LaneProgram
    ) -> LaneValue {
        let first = appendContext(layers, context, to: &program)
        var units: [LaneValue?] = Array(repeating: nil, count: layers.blocks.count + 1)
        var known: LaneValue?
        var evaluated = 0
        for dimension in 0..<thetaDim {
            let ready = layers.unitsUpTo[dimension]
            if ready > evaluated {
                appendUnits(
                    layers,
                    evaluated..<ready,
                    known: known,
                    first: first,
                    units: &units,
                    to: &program
                )
                evaluated = ready
            }
            let rows = (2 * dimension)..<(2 * dimension + 2)
            let bias = program.parameters(layers.final.bias, rows)
            let numbers =
                units[layers.blocks.count].map { hidden in
                    program.linear(
                        layers.final.weight,
                        hidden,
                        rows: rows,
                        columns: 0..<evaluated,
                        adding: bias
                    )
                } ?? bias
            let scale = appendScales(program.slice(numbers, 0..<1), to: &program)
            let shift = program.slice(numbers, 1..<2)
            let numerator = program.subtract(
                program.slice(mapped, dimension..<(dimension + 1)),
                shift
            )
            let u = program.apply(.divide, numerator, scale)
            scales.append(scale)
            known = known.map { program.concatenate([$0, u]) } ?? u
        }
        return known ?? mapped
    }

    /// Evaluates one group of units of every layer and appends it to what is there.
    private func appendUnits(
        _ layers: Layers,
        _ group: Range<Int>,
        known: LaneValue?,
        first: LaneValue,
        units: inout [LaneValue?],
        to program: inout LaneProgram
    ) {
        let start = program.slice(first, group)
        // Units of degree 0 see no dimension at all.
        let initial =
            known.map { known in
                program.linear(
                    layers.initial.weight,
                    known,
                    rows: group,
                    columns: 0..<known.width,
                    adding: start
                )
            } ?? start
        append(program.apply(.tanh, initial), at: 0, &units, &program)
        for (index, block) in layers.blocks.enumerated() {
            guard let below = units[index] else { continue }
            let sum = program.linear(
                block.weight,
                below,
                rows: group,
                columns: 0..<group.upperBound,
                adding: program.parameters(block.bias, group)
            )
            append(program.apply(.tanh, sum), at: index + 1, &units, &program)
        }
    }

    private func append(
        _ group: LaneValue,
        at layer: Int,
        _ units: inout [LaneValue?],
        _ program: inout LaneProgram
    ) {
        units[layer] = units[layer].map { program.concatenate([$0, group]) } ?? group
    }
}

/// log 2π.
let logTwoPi = 1.837_877_066_409_345_5
