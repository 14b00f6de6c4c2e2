import Autodiff
import Kernels

/// A coupling: some features are mapped, their numbers come from a network that sees the other
/// features, which pass unchanged, and the context.
///
/// *Reference*: Dinh, Sohl-Dickstein, Bengio (2017), Density estimation using Real NVP,
/// arXiv:1605.08803; Durkan, Bekasov, Murray, Papamakarios (2019), Neural Spline Flows,
/// arXiv:1906.04032.
struct CouplingLayer: FlowLayer {
    private let identity: [Int]
    private let transformed: [Int]
    private let mapping: FeatureMapping
    private let network: CouplingConditioner

    /// Lays out the parameters of a checked structure.
    init(
        _ transform: CouplingTransform,
        _ name: String,
        contextDim: Int,
        in layout: inout ParameterLayout
    ) {
        identity = transform.identity
        transformed = transform.transformed
        mapping = FeatureMapping(transform.map)
        network = CouplingConditioner(
            transform.conditioner,
            name,
            identityCount: transform.identity.count,
            contextDim: contextDim,
            numberCount: transform.transformed.count * transform.map.numbersPerFeature,
            in: &layout
        )
    }

    func tensorPlaces(in layout: ParameterLayout) -> [TensorPlace] {
        network.tensorPlaces(
            in: layout,
            numberOrder: mapping.rowOrder(count: transformed.count)
        )
    }

    func initialize(_ parameters: inout [Float], layout: ParameterLayout, seed: UInt64) {
        network.initialize(&parameters, layout: layout, seed: seed)
    }

    func appendForward(
        of u: LaneValue,
        given context: LaneValue,
        to program: inout LaneProgram
    ) -> (y: LaneValue, slopes: LaneValue?) {
        let (numbers, unchanged) = appendNumbers(u, given: context, to: &program)
        let (y, slopes) = mapping.appendForward(
            of: program.gather(u, transformed),
            numbers: numbers,
            to: &program
        )
        return (join(unchanged, y, in: &program), slopes)
    }

    func appendInverse(
        of y: LaneValue,
        given context: LaneValue,
        slopes: inout [LaneValue],
        to program: inout LaneProgram
    ) -> LaneValue {
        let (numbers, unchanged) = appendNumbers(y, given: context, to: &program)
        let (u, slope) = mapping.appendInverse(
            of: program.gather(y, transformed),
            numbers: numbers,
            to: &program
        )
        slopes.append(slope)
        return join(unchanged, u, in: &program)
    }

    /// The numbers of each block, and the features that pass unchanged.
    private func appendNumbers(
        _ features: LaneValue,
        given context: LaneValue,
        to program: inout LaneProgram
    ) -> (numbers: [LaneValue], unchanged: LaneValue?) {
        let unchanged = identity.isEmpty ? nil : program.gather(features, identity)
        let hidden = network.appendHidden(unchanged, given: context, to: &program)
        let count = transformed.count
        let numbers = mapping.blocks(of: 0..<count, count: count).map { rows in
            program.linear(
                network.final.weight,
                hidden,
                rows: rows,
                adding: program.parameters(network.final.bias, rows)
            )
        }
        return (numbers, unchanged)
    }

    /// All features in their order.
    private func join(
        _ unchanged: LaneValue?,
        _ mapped: LaneValue,
        in program: inout LaneProgram
    ) -> LaneValue {
        let parts = (unchanged.map { [$0] } ?? []) + [mapped]
        let order = (identity + transformed).inversePermutation
        return program.gather(program.concatenate(parts), order)
    }
}

/// The network of a coupling, laid out.
struct CouplingConditioner: Sendable {
    private enum Body: Sendable {
        case residual([Block])
        case layers([LinearLayer])
    }

    /// A residual block.
    private struct Block: Sendable {
        /// Scale and shift of N(h).
        var norm: (scale: Int, shift: Int)?
        var context: LinearLayer
        var first: LinearLayer
        var second: LinearLayer
    }

    private let activation: Activation
    /// The columns of the first layer that take the context; its other columns, where there are
    /// any, are a matrix of their own, so that both start at a whole vector.
    private let initial: LinearLayer
    private let unchangedWeight: Int?
    private let body: Body
    let final: LinearLayer

    init(
        _ network: CouplingNetwork,
        _ name: String,
        identityCount: Int,
        contextDim: Int,
        numberCount: Int,
        in layout: inout ParameterLayout
    ) {
        func layer(_ part: String, _ rows: Int, _ columns: Int) -> LinearLayer {
            LinearLayer("\(name).\(part)", rows: rows, columns: columns, in: &layout)
        }
        func unchanged(_ part: String, _ rows: Int) -> Int? {
            guard identityCount > 0 else { return nil }
            return layout.addMatrix(
                "\(name).\(part).unchanged",
                rows: rows,
                columns: identityCount
            )
        }
        var width: Int
        switch network {
        case .residual(let network):
            activation = network.activation
            width = network.hiddenFeatures
            initial = layer("initial", width, contextDim)
            unchangedWeight = unchanged("initial", width)
            var blocks: [Block] = []
            for index in 0..<network.blocks {
                let block = "blocks.\(index)"
                var norm: (scale: Int, shift: Int)?
                if network.normalized {
                    norm = (
                        layout.addVector("\(name).\(block).norm.scale", count: width),
                        layout.addVector("\(name).\(block).norm.shift", count: width)
                    )
                }
                blocks.append(
                    Block(
                        norm: norm,
                        context: layer("\(block).context", width, contextDim),
                        first: layer("\(block).linears.0", width, width),
                        second: layer("\(block).linears.1", width, width)
                    )
                )
            }
            body = .residual(blocks)
        case .layers(let widths, let activation):
            self.activation = activation
            width = widths[0]
            initial = layer("layers.0", width, contextDim)
            unchangedWeight = unchanged("layers.0", width)
            var layers: [LinearLayer] = []
            for (index, next) in widths.enumerated().dropFirst() {
                layers.append(layer("layers.\(index)", next, width))
                width = next
            }
            body = .layers(layers)
        }
        final = layer("final", numberCount, width)
    }

    /// The tensors; `numberOrder` is the file's number at each of ours.
    func tensorPlaces(in layout: ParameterLayout, numberOrder: [Int]) -> [TensorPlace] {
        var places = initial.tensorPlaces(in: layout)
        if let unchangedWeight {
            let first = layout.matrices[unchangedWeight]
            let second = layout.matrices[initial.weight]
            places[0].shape = [first.rows, first.columns + second.columns]
            places[0].places = (0..<first.rows).flatMap { row in
                [first, second].flatMap { matrix in
                    (0..<matrix.columns).map { matrix.offset + row * matrix.stride + $0 }
                }
            }
        }
        switch body {
        case .residual(let blocks):
            for block in blocks {
                if let norm = block.norm {
                    places.append(TensorPlace(layout.vectors[norm.scale]))
                    places.append(TensorPlace(layout.vectors[norm.shift]))
                }
                for layer in [block.context, block.first, block.second] {
                    places += layer.tensorPlaces(in: layout)
                }
            }
        case .layers(let layers):
            for layer in layers { places += layer.tensorPlaces(in: layout) }
        }
        return places + final.tensorPlaces(in: layout, rowOrder: numberOrder)
    }

    /// The first layer starts by all its inputs; the second one of each residual block starts near
    /// zero, as nflows has it.
    func initialize(_ parameters: inout [Float], layout: ParameterLayout, seed: UInt64) {
        func scale(_ matrix: ParameterLayout.Matrix, _ factor: Double) {
            for index in matrix.offset..<(matrix.offset + matrix.rows * matrix.stride) {
                parameters[index] *= Float(factor)
            }
        }
        func scale(_ vector: ParameterLayout.Vector, _ factor: Double) {
            for index in vector.offset..<(vector.offset + vector.count) {
                parameters[index] *= Float(factor)
            }
        }
        if let unchangedWeight {
            let first = layout.matrices[unchangedWeight]
            let second = layout.matrices[initial.weight]
            let inputs = Double(first.columns + second.columns)
            let factor = (Double(second.columns) / inputs).squareRoot()
            scale(first, (Double(first.columns) / inputs).squareRoot())
            scale(second, factor)
            scale(layout.vectors[initial.bias], factor)
        }
        guard case .residual(let blocks) = body else { return }
        for block in blocks {
            // Uniform on ±1/√H; then on ±1e-3.
            let matrix = layout.matrices[block.second.weight]
            let factor = 1e-3 * Double(matrix.columns).squareRoot()
            scale(matrix, factor)
            scale(layout.vectors[block.second.bias], factor)
            guard let norm = block.norm else { continue }
            let scale = layout.vectors[norm.scale]
            for index in scale.offset..<(scale.offset + scale.count) { parameters[index] = 1 }
        }
    }

    /// What the final layer is applied to.
    func appendHidden(
        _ unchanged: LaneValue?,
        given context: LaneValue,
        to program: inout LaneProgram
    ) -> LaneValue {
        var hidden = appendInitial(unchanged, given: context, to: &program)
        switch body {
        case .residual(let blocks):
            for block in blocks {
                let gate = program.apply(.sigmoid, block.context.append(context, to: &program))
                var change = hidden
                if let norm = block.norm {
                    change = program.add(
                        program.multiply(change, program.parameters(norm.scale)),
                        program.parameters(norm.shift)
                    )
                }
                for layer in [block.first, block.second] {
                    change = layer.append(program.activate(activation, change), to: &program)
                }
                hidden = program.add(hidden, program.multiply(change, gate))
            }
        case .layers(let layers):
            hidden = program.activate(activation, hidden)
            for layer in layers {
                hidden = program.activate(activation, layer.append(hidden, to: &program))
            }
        }
        return hidden
    }

    /// W [u; e] + b, the part of the context apart: it does not change with the sample.
    private func appendInitial(
        _ unchanged: LaneValue?,
        given context: LaneValue,
        to program: inout LaneProgram
    ) -> LaneValue {
        let start = initial.append(context, to: &program)
        guard let unchanged, let unchangedWeight else { return start }
        return program.linear(unchangedWeight, unchanged, adding: start)
    }
}
