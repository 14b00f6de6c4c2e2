import Autodiff
import Kernels

/// An autoregressive density over standardised theta: each dimension has a mixture of normals
/// whose numbers come from a masked residual network of the earlier dimensions and the context.
///
///     h = W₀ u + b₀ + (W_c e + b_c);  each block: t = L₀ act(h) + c₀ + (W_cj e + b_cj),
///     h += L₁ act(t) + c₁;  (logitₖ, μₖ, rₖ) of dimension d = (W_f h + b_f)[3M d + 3k + …]
///     log q(u) = Σ_d logsumexpₖ [ log softmax(logits)ₖ + log N(u_d; μₖ, softplus(rₖ) + floor) ]
///
/// The file has one feature more, a constant zero before the others, as sbi has: its inputs and
/// outputs have no effect and are left out here.
///
/// Hidden units are kept sorted by degree: a draw evaluates each unit once, when the dimensions it
/// sees are known. sbi draws with the constant at random instead of zero, from another density
/// than its own; ours draws from the density.
///
/// *Reference*: Germain, Gregor, Murray, Larochelle (2015), MADE, arXiv:1502.03509.
struct MixtureMADE: DensityEstimator {
    /// A linear layer, as indices into the layout.
    private struct Layer {
        var weight: Int
        var bias: Int
    }

    /// A residual block.
    private struct Block {
        var context: Layer
        var first: Layer
        var second: Layer
    }

    let layout: ParameterLayout
    private let thetaDim: Int
    private let components: Int
    private let deviationFloor: Float
    private let activation: Activation
    /// The file's unit at each of our places: units sorted by degree.
    private let order: [Int]
    /// How many units see at most the first d dimensions, for d from 0 to D − 1.
    private let unitsUpTo: [Int]
    private let initial: Layer
    private let context: Layer
    private let blocks: [Block]
    private let final: Layer

    var normalCount: Int { thetaDim }
    var uniformCount: Int { thetaDim }
    /// Numbers of one dimension.
    private var numberCount: Int { 3 * components }

    /// Checks the architecture and lays out its parameters.
    init(
        _ architecture: MixtureMADEArchitecture,
        thetaDim: Int,
        contextDim: Int
    ) throws(EstimatorError) {
        try architecture.validate(thetaDim: thetaDim)
        self.thetaDim = thetaDim
        components = architecture.components
        deviationFloor = Float(architecture.deviationFloor)
        activation = architecture.activation
        let degrees = architecture.degrees
        let hidden = degrees.count
        order = (0..<hidden).sorted { (degrees[$0], $0) < (degrees[$1], $1) }
        let seen = order.map { degrees[$0] - 1 }
        let unitsUpTo = (0..<thetaDim).map { dimension in seen.count { $0 <= dimension } }
        self.unitsUpTo = unitsUpTo
        var layout = ParameterLayout()
        func layer(
            _ name: String,
            _ rows: Int,
            _ columns: Int,
            _ extents: [Range<Int>]? = nil
        ) -> Layer {
            Layer(
                weight: layout.addMatrix(
                    "\(name).weight",
                    rows: rows,
                    columns: columns,
                    rowExtents: extents
                ),
                bias: layout.addVector("\(name).bias", count: rows)
            )
        }
        let below = seen.map { 0..<unitsUpTo[$0] }
        initial = layer("initial", hidden, thetaDim, seen.map { 0..<$0 })
        context = layer("context", hidden, contextDim)
        blocks = (0..<architecture.blocks).map { index in
            Block(
                context: layer("blocks.\(index).context", hidden, contextDim),
                first: layer("blocks.\(index).linears.0", hidden, hidden, below),
                second: layer("blocks.\(index).linears.1", hidden, hidden, below)
            )
        }
        let numbers = 3 * components
        final = layer(
            "final",
            numbers * thetaDim,
            hidden,
            (0..<(numbers * thetaDim)).map { 0..<unitsUpTo[$0 / numbers] }
        )
        self.layout = layout
    }

    var tensorPlaces: [TensorPlace] {
        func places(_ layer: Layer, sortedColumns: Bool) -> [TensorPlace] {
            [
                TensorPlace(
                    layout.matrices[layer.weight],
                    rowOrder: order,
                    columnOrder: sortedColumns ? order : nil
                ),
                TensorPlace(layout.vectors[layer.bias], order: order),
            ]
        }
        // The file's constant comes first among the inputs and the outputs.
        var first = places(initial, sortedColumns: false)
        first[0].shape[1] += 1
        first[0].places = (0..<order.count).flatMap { row in
            [nil] + first[0].places[(row * thetaDim)..<((row + 1) * thetaDim)]
        }
        var weight = TensorPlace(layout.matrices[final.weight], columnOrder: order)
        weight.shape[0] += numberCount
        weight.places.insert(
            contentsOf: [Int?](repeating: nil, count: numberCount * order.count),
            at: 0
        )
        var bias = TensorPlace(layout.vectors[final.bias])
        bias.shape[0] += numberCount
        bias.places.insert(contentsOf: [Int?](repeating: nil, count: numberCount), at: 0)
        let inner = blocks.flatMap { block in
            places(block.context, sortedColumns: false) + places(block.first, sortedColumns: true)
                + places(block.second, sortedColumns: true)
        }
        return first + places(context, sortedColumns: false) + inner + [weight, bias]
    }

    /// As PyTorch's linear layers start, the last one of each block near zero.
    func initialParameters(seed: UInt64) -> [Float] {
        var parameters = layout.uniformParameters(seed: seed)
        var stream = RandomStream(seed: seed, stream: 1)
        func small() -> Float { Float((2 * stream.uniform() - 1) * 1e-3) }
        for block in blocks {
            let matrix = layout.matrices[block.second.weight]
            for row in 0..<matrix.rows {
                for column in matrix.rowExtents[row] {
                    parameters[matrix.offset + row * matrix.stride + column] = small()
                }
            }
            let bias = layout.vectors[block.second.bias]
            for entry in 0..<bias.count { parameters[bias.offset + entry] = small() }
        }
        return parameters
    }
}

// Density.
extension MixtureMADE {
    func appendLogProb(
        of z: LaneValue,
        given context: LaneValue,
        to program: inout LaneProgram
    ) -> LaneValue {
        let all = 0..<order.count
        let contexts = appendContexts(context, to: &program)
        var hidden = program.linear(initial.weight, z, adding: contexts.initial)
        for (index, block) in blocks.enumerated() {
            let inner = program.linear(
                block.first.weight,
                program.activate(activation, hidden),
                adding: contexts.blocks[index]
            )
            let step = program.linear(
                block.second.weight,
                program.activate(activation, inner),
                adding: program.parameters(block.second.bias, all)
            )
            hidden = program.add(hidden, step)
        }
        let numbers = program.linear(
            final.weight,
            hidden,
            adding: program.parameters(final.bias)
        )
        return appendMixture(of: z, numbers, to: &program)
    }

    func appendBase(
        of z: LaneValue,
        given context: LaneValue,
        to program: inout LaneProgram
    ) -> LaneValue? { nil }

    /// What each layer takes from the observation, its bias included.
    private func appendContexts(
        _ context: LaneValue,
        to program: inout LaneProgram
    ) -> (initial: LaneValue, blocks: [LaneValue]) {
        func project(_ layer: Layer, bias: Int) -> LaneValue {
            let sum = program.linear(
                layer.weight,
                context,
                adding: program.parameters(layer.bias)
            )
            return program.add(sum, program.parameters(bias))
        }
        return (
            project(self.context, bias: initial.bias),
            blocks.map { project($0.context, bias: $0.first.bias) }
        )
    }

    /// Σ over dimensions of the log density of the mixture that `numbers` `[D, M, 3]` describe.
    private func appendMixture(
        of z: LaneValue,
        _ numbers: LaneValue,
        to program: inout LaneProgram
    ) -> LaneValue {
        let count = components * thetaDim
        func part(_ index: Int) -> LaneValue {
            program.gather(numbers, (0..<count).map { 3 * $0 + index })
        }
        let logits = part(0)
        let deviations = program.scale(
            program.apply(.softplus, part(2)),
            by: 1,
            plus: deviationFloor
        )
        let distances = program.apply(
            .divide,
            program.subtract(
                program.gather(z, (0..<count).map { $0 / components }),
                part(1)
            ),
            deviations
        )
        let exponents = program.scale(program.multiply(distances, distances), by: -0.5)
        let terms = program.add(
            program.subtract(logits, program.apply(.log, deviations)),
            exponents
        )
        let sums = program.subtract(
            program.groupLogSumExp(terms, size: components),
            program.groupLogSumExp(logits, size: components)
        )
        let constant = Float(-0.5 * Double(thetaDim) * logTwoPi)
        return program.scale(program.sum(sums), by: 1, plus: constant)
    }
}

// Draws, in one sweep.
extension MixtureMADE {
    func appendSample(
        normals: LaneValue,
        uniforms: LaneValue?,
        given context: LaneValue,
        to program: inout LaneProgram
    ) -> (z: LaneValue, logProb: LaneValue) {
        guard let uniforms else { preconditionFailure("a mixture draws its components") }
        let contexts = appendContexts(context, to: &program)
        var units = Units(blockCount: blocks.count)
        var known: LaneValue?
        var numbers: [LaneValue] = []
        var evaluated = 0
        for dimension in 0..<thetaDim {
            let ready = unitsUpTo[dimension]
            if ready > evaluated {
                appendUnits(evaluated..<ready, known, contexts, &units, to: &program)
                evaluated = ready
            }
            let rows = (dimension * numberCount)..<((dimension + 1) * numberCount)
            let bias = program.parameters(final.bias, rows)
            let own =
                units.output.map { hidden in
                    program.linear(
                        final.weight,
                        hidden,
                        rows: rows,
                        columns: 0..<evaluated,
                        adding: bias
                    )
                } ?? bias
            numbers.append(own)
            let draw = appendDraw(
                own,
                normal: program.slice(normals, dimension..<(dimension + 1)),
                uniform: program.slice(uniforms, dimension..<(dimension + 1)),
                to: &program
            )
            known = known.map { program.concatenate([$0, draw]) } ?? draw
        }
        let z = known ?? normals
        return (z, appendMixture(of: z, program.concatenate(numbers), to: &program))
    }

    /// There are as many parts as ways to choose a component for each dimension.
    func appendStrata(
        normals: LaneValue,
        given context: LaneValue,
        to program: inout LaneProgram
    ) -> [Stratum]? { nil }

    /// The units that are known so far, by layer, each list sorted by degree.
    private struct Units {
        /// act(h) before each block.
        var inputs: [LaneValue?]
        /// act(t) within each block.
        var inner: [LaneValue?]
        /// h after the last block.
        var output: LaneValue?

        init(blockCount: Int) {
            inputs = Array(repeating: nil, count: blockCount)
            inner = inputs
        }
    }

    /// Evaluates one group of units of every layer and appends it to what is there.
    private func appendUnits(
        _ group: Range<Int>,
        _ known: LaneValue?,
        _ contexts: (initial: LaneValue, blocks: [LaneValue]),
        _ units: inout Units,
        to program: inout LaneProgram
    ) {
        let start = program.slice(contexts.initial, group)
        var hidden =
            known.map { known in
                program.linear(
                    initial.weight,
                    known,
                    rows: group,
                    columns: 0..<known.width,
                    adding: start
                )
            } ?? start
        for (index, block) in blocks.enumerated() {
            let input = program.append(
                program.activate(activation, hidden),
                to: &units.inputs[index]
            )
            let sum = program.linear(
                block.first.weight,
                input,
                rows: group,
                columns: 0..<group.upperBound,
                adding: program.slice(contexts.blocks[index], group)
            )
            let inner = program.append(
                program.activate(activation, sum),
                to: &units.inner[index]
            )
            let step = program.linear(
                block.second.weight,
                inner,
                rows: group,
                columns: 0..<group.upperBound,
                adding: program.parameters(block.second.bias, group)
            )
            hidden = program.add(hidden, step)
        }
        _ = program.append(hidden, to: &units.output)
    }

    /// μₖ + deviationₖ ε of the component whose share of [0, 1) holds the uniform.
    private func appendDraw(
        _ numbers: LaneValue,
        normal: LaneValue,
        uniform: LaneValue,
        to program: inout LaneProgram
    ) -> LaneValue {
        func part(_ index: Int) -> LaneValue {
            program.gather(numbers, (0..<components).map { 3 * $0 + index })
        }
        let logits = part(0)
        let total = program.logSumExp(logits)
        let logWeights = program.subtract(
            logits,
            program.gather(total, Array(repeating: 0, count: components))
        )
        let chosen = program.appendChoice(logWeights: logWeights, uniform: uniform)
        let deviations = program.scale(
            program.apply(.softplus, part(2)),
            by: 1,
            plus: deviationFloor
        )
        let deviation = program.dot(chosen, deviations)
        return program.add(program.dot(chosen, part(1)), program.multiply(deviation, normal))
    }
}

extension LaneProgram {
    /// Appends a part to a list that may be empty so far; the list.
    fileprivate mutating func append(_ part: LaneValue, to list: inout LaneValue?) -> LaneValue {
        let whole = list.map { concatenate([$0, part]) } ?? part
        list = whole
        return whole
    }

    /// log Σ exp x over each group of `size` neighbours, shifted by their maximum.
    fileprivate mutating func groupLogSumExp(_ x: LaneValue, size: Int) -> LaneValue {
        let group = (0..<x.width).map { $0 / size }
        let largest = groupMaximum(x, size: size)
        let shifted = subtract(x, gather(largest, group))
        let sums = scatterAdd(apply(.exp, shifted), group, width: x.width / size)
        return add(apply(.log, sums), largest)
    }
}
