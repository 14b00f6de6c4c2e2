import Autodiff
import Kernels

/// An embedding network as parts of lane programs.
///
/// An array `[shape…]` is a column of scalars, row-major. Below a trials layer it is
/// `[shape…, T]`: the trial comes last, so that a layer is one product at T positions.
struct EmbeddingNetwork: ParameterizedPart {
    /// The parameters and where they stand.
    let layout: ParameterLayout
    /// Width of the context.
    let outputWidth: Int
    /// The shape in the file of each tensor that is neither a matrix nor a vector there.
    let fileShapes: [String: [Int]]
    private let layers: [Layer]

    /// A layer with its parameters, as indices into the layout, and its sizes.
    indirect enum Layer: Sendable {
        case linear(weight: Int, bias: Int)
        case activation(Activation)
        case layerNorm(scale: Int, shift: Int, epsilon: Float)
        case residual([Layer])
        case convolution(weight: Int, bias: Int, WindowGrid)
        case maximum(WindowGrid)
        case trials([Layer], TrialAggregation, count: Int)
    }

    /// Checks the architecture and lays out its parameters.
    ///
    /// - Throws: `EstimatorError` naming the layer that does not fit.
    init(_ architecture: EmbeddingArchitecture) throws(EstimatorError) {
        var builder = EmbeddingBuilder()
        var shape = architecture.xShape
        layers = try builder.build(architecture.layers, of: &shape)
        guard shape.count == 1 else {
            throw .invalidArchitecture(
                "embedding: the last layer gives an array of shape \(shape); flatten it"
            )
        }
        layout = builder.layout
        fileShapes = builder.fileShapes
        outputWidth = shape[0]
    }

    /// Where each tensor of a model file stands.
    var tensorPlaces: [TensorPlace] {
        let matrices = layout.matrices.map { TensorPlace($0) }
        let vectors = layout.vectors.map { TensorPlace($0) }
        return (matrices + vectors).map { place in
            var place = place
            place.shape = fileShapes[place.name] ?? place.shape
            return place
        }
    }

    /// Random initial weights, as PyTorch starts such layers; a function of the seed alone.
    func initialParameters(seed: UInt64) -> [Float] {
        var parameters = layout.uniformParameters(seed: seed)
        for vector in layout.vectors where vector.name.hasSuffix(".scale") {
            for entry in 0..<vector.count { parameters[vector.offset + entry] = 1 }
        }
        return parameters
    }

    /// Appends the context of a standardised observation.
    func appendContext(of x: LaneValue, to program: inout LaneProgram) -> LaneValue {
        Self.append(layers, x, positions: 1, to: &program)
    }
}

// The layers, each at a number of positions.
extension EmbeddingNetwork {
    private static func append(
        _ layers: [Layer],
        _ input: LaneValue,
        positions: Int,
        to program: inout LaneProgram
    ) -> LaneValue {
        var value = input
        for layer in layers { value = append(layer, value, positions: positions, to: &program) }
        return value
    }

    private static func append(
        _ layer: Layer,
        _ x: LaneValue,
        positions: Int,
        to program: inout LaneProgram
    ) -> LaneValue {
        switch layer {
        case .linear(let weight, let bias):
            let bias = program.parameters(bias).spread(over: positions, in: &program)
            return program.linear(weight, x, positions: positions, adding: bias)
        case .activation(let function):
            return program.activate(function, x)
        case .layerNorm(let scale, let shift, let epsilon):
            return appendNorm(x, scale, shift, epsilon, positions: positions, to: &program)
        case .residual(let layers):
            return program.add(x, append(layers, x, positions: positions, to: &program))
        case .convolution(let weight, let bias, let grid):
            let windows = grid.gatherWindows(of: x, trials: positions, in: &program)
            let places = grid.outputCount * positions
            let bias = program.parameters(bias).spread(over: places, in: &program)
            return program.linear(weight, windows, positions: places, adding: bias)
        case .maximum(let grid):
            let blocks = grid.gatherBlocks(of: x, trials: positions, in: &program)
            return program.groupMaximum(blocks, size: grid.windowCount)
        case .trials(let layers, let aggregation, let count):
            return appendTrials(layers, aggregation, x, count: count, to: &program)
        }
    }

    /// Mean and variance run over the entries at one position.
    private static func appendNorm(
        _ x: LaneValue,
        _ scale: Int,
        _ shift: Int,
        _ epsilon: Float,
        positions: Int,
        to program: inout LaneProgram
    ) -> LaneValue {
        let place = (0..<x.width).map { $0 % positions }
        let share = Float(positions) / Float(x.width)
        let mean = program.scale(program.scatterAdd(x, place, width: positions), by: share)
        let centred = program.subtract(x, program.gather(mean, place))
        let squares = program.scatterAdd(
            program.multiply(centred, centred),
            place,
            width: positions
        )
        let variance = program.scale(squares, by: share, plus: epsilon)
        // There is no square root; a step of Newton's iteration takes out the rounding of log.
        let rough = program.apply(.exp, program.scale(program.apply(.log, variance), by: -0.5))
        let product = program.multiply(variance, program.multiply(rough, rough))
        let inverse = program.multiply(rough, program.scale(product, by: -0.5, plus: 1.5))
        let normalized = program.multiply(centred, program.gather(inverse, place))
        let scale = program.parameters(scale).spread(over: positions, in: &program)
        let shift = program.parameters(shift).spread(over: positions, in: &program)
        return program.add(program.multiply(normalized, scale), shift)
    }

    private static func appendTrials(
        _ layers: [Layer],
        _ aggregation: TrialAggregation,
        _ x: LaneValue,
        count: Int,
        to program: inout LaneProgram
    ) -> LaneValue {
        // The trial goes last: [T, F] → [F, T].
        let features = x.width / count
        let order = (0..<x.width).map { $0 % count * features + $0 / count }
        let trials = program.gather(x, order)
        // 0 · x + 1 is NaN where x is, and NaN is not above zero.
        let isNumber = program.apply(.step, program.scale(trials, by: 0, plus: 1))
        let zeros = program.literal(Array(repeating: 0, count: x.width))
        let entries = program.select(isNumber, trials, zeros)
        let numbers = program.scatterAdd(
            isNumber,
            (0..<x.width).map { $0 % count },
            width: count
        )
        let isPresent = program.apply(.step, numbers)
        let outputs = append(layers, entries, positions: count, to: &program)
        let width = outputs.width / count
        let terms = (0..<outputs.width).map {
            ContractionTerm(target: $0 / count, left: $0, right: $0 % count)
        }
        var total = program.contraction(outputs, isPresent, terms: terms, width: width)
        let present = program.sum(isPresent)
        if aggregation == .mean {
            // Nothing is divided by zero where no trial is there.
            let none = program.scale(program.apply(.step, present), by: -1, plus: 1)
            let divisor = program.gather(
                program.add(present, none),
                Array(repeating: 0, count: width)
            )
            total = program.apply(.divide, total, divisor)
        }
        return program.concatenate([total, present])
    }
}

extension LaneValue {
    /// Each scalar `positions` times in a row.
    fileprivate func spread(over positions: Int, in program: inout LaneProgram) -> LaneValue {
        guard positions > 1 else { return self }
        return program.gather(self, (0..<(width * positions)).map { $0 / positions })
    }
}
