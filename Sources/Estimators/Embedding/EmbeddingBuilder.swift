import Autodiff

/// Checks the layers of an embedding network against each other and lays out their parameters.
struct EmbeddingBuilder {
    /// Entries of all arrays of one evaluation, the windows of convolutions included.
    private static let entryLimit = 1 << 22
    /// Layers, nested ones included.
    private static let layerLimit = 256
    /// Parameters: what a model file can hold.
    private static let parameterLimit = 1 << 28
    /// The largest kernel, padding, stride or pool.
    private static let windowLimit = 4096

    private(set) var layout = ParameterLayout()
    private(set) var fileShapes: [String: [Int]] = [:]
    private var layerCount = 0
    private var entryCount = 0

    /// Builds a whole network.
    ///
    /// - Parameters:
    ///   - layers: The layers.
    ///   - shape: The shape of x, then that of the output.
    /// - Returns: The layers with their places among the parameters.
    /// - Throws: `EstimatorError` naming the layer that does not fit.
    mutating func build(
        _ layers: [EmbeddingLayer],
        of shape: inout [Int]
    ) throws(EstimatorError) -> [EmbeddingNetwork.Layer] {
        try admit(shape, trials: 1, "embedding")
        return try build(layers, "embedding", shape: &shape, isOutermost: true)
    }

    /// Builds a list of layers whose tensors are called `<name>.<k>.…`.
    ///
    /// - Parameters:
    ///   - layers: The layers.
    ///   - name: Names the list in tensors and messages.
    ///   - shape: The shape of the input, then that of the output; without the axis of trials.
    ///   - trials: At how many trials the layers are applied.
    ///   - isOutermost: Whether the first layer may be one over trials.
    /// - Returns: The layers with their places among the parameters.
    /// - Throws: `EstimatorError` naming the layer that does not fit.
    private mutating func build(
        _ layers: [EmbeddingLayer],
        _ name: String,
        shape: inout [Int],
        trials: Int = 1,
        isOutermost: Bool = false
    ) throws(EstimatorError) -> [EmbeddingNetwork.Layer] {
        var built: [EmbeddingNetwork.Layer] = []
        for (index, layer) in layers.enumerated() {
            layerCount += 1
            guard layerCount <= Self.layerLimit else {
                throw .invalidArchitecture("embedding has more than \(Self.layerLimit) layers")
            }
            let own = "\(name).\(index)"
            if case .trials(let layers, let aggregation) = layer {
                guard isOutermost, index == 0, shape.count > 1 else {
                    throw .invalidArchitecture(
                        "\(own): trials must be the first layer, over x of two axes or more"
                    )
                }
                let count = shape.removeFirst()
                try admit(shape, trials: count, own)
                let nested = try build(layers, own, shape: &shape, trials: count)
                _ = try vectorWidth(shape, own)
                built.append(.trials(nested, aggregation, count: count))
                shape[0] += 1
            } else if let layer = try build(layer, own, &shape, trials) {
                built.append(layer)
            }
            try admit(shape, trials: trials, own)
        }
        return built
    }

    /// Builds a layer; nil for one that only renames entries.
    private mutating func build(
        _ layer: EmbeddingLayer,
        _ name: String,
        _ shape: inout [Int],
        _ trials: Int
    ) throws(EstimatorError) -> EmbeddingNetwork.Layer? {
        switch layer {
        case .linear(let features):
            let width = try vectorWidth(shape, name)
            try require(features, 1...ArchitectureLimits.width, "features", name)
            shape = [features]
            return .linear(
                weight: try matrix("\(name).weight", features, width),
                bias: layout.addVector("\(name).bias", count: features)
            )
        case .activation(let function): return .activation(function)
        case .layerNorm(let epsilon):
            let width = try vectorWidth(shape, name)
            guard Float(epsilon) > 0, epsilon <= 1 else {
                throw .invalidArchitecture("\(name).epsilon is \(epsilon), expected above 0 to 1")
            }
            return .layerNorm(
                scale: layout.addVector("\(name).scale", count: width),
                shift: layout.addVector("\(name).shift", count: width),
                epsilon: Float(epsilon)
            )
        case .residual(let layers):
            let input = shape
            let nested = try build(layers, name, shape: &shape, trials: trials)
            guard shape == input else {
                throw .invalidArchitecture(
                    "\(name): the layers of a residual turn shape \(input) into \(shape)"
                )
            }
            return .residual(nested)
        case .reshape(let new):
            guard !new.isEmpty, new.count <= 8, Self.entries(new) == Self.entries(shape) else {
                throw .invalidArchitecture("\(name): shape \(shape) cannot become \(new)")
            }
            shape = new
            return nil
        case .flatten:
            shape = [shape.reduce(1, *)]
            return nil
        case .convolution(let channels, let kernel, let padding, let stride):
            try require(channels, 1...ArchitectureLimits.width, "channels", name)
            let grid = try grid(shape, kernel, stride: stride, padding: padding, name)
            guard padding < kernel.max() ?? 0 else {
                throw .invalidArchitecture("\(name).padding is \(padding), as wide as the kernel")
            }
            let inputs = grid.channels * grid.windowCount
            try admit([inputs, grid.outputCount], trials: trials, name)
            shape = [channels] + grid.output
            let weight = try matrix("\(name).weight", channels, inputs)
            fileShapes["\(name).weight"] = [channels, grid.channels] + kernel
            let bias = layout.addVector("\(name).bias", count: channels)
            return .convolution(weight: weight, bias: bias, grid)
        case .maxPool(let size):
            try require(size, 1...Self.windowLimit, "size", name)
            let window = Array(repeating: size, count: max(shape.count - 1, 0))
            let grid = try grid(shape, window, stride: size, padding: 0, name)
            shape = [grid.channels] + grid.output
            return .maximum(grid)
        case .trials: preconditionFailure("trials are built with the list they are in")
        }
    }

    /// The windows over `[channels, size…]`.
    private func grid(
        _ shape: [Int],
        _ window: [Int],
        stride: Int,
        padding: Int,
        _ name: String
    ) throws(EstimatorError) -> WindowGrid {
        guard shape.count == 2 || shape.count == 3, window.count == shape.count - 1 else {
            throw .invalidArchitecture(
                "\(name): a window over \(window.count) axes does not fit shape \(shape), "
                    + "expected channels and one or two sizes"
            )
        }
        for size in window { try require(size, 1...Self.windowLimit, "kernel", name) }
        try require(stride, 1...Self.windowLimit, "stride", name)
        try require(padding, 0...Self.windowLimit, "padding", name)
        guard
            let grid = WindowGrid(
                channels: shape[0],
                input: Array(shape.dropFirst()),
                window: window,
                stride: stride,
                padding: padding
            )
        else {
            throw .invalidArchitecture("\(name): a window of \(window) is larger than \(shape)")
        }
        return grid
    }

    private mutating func matrix(
        _ name: String,
        _ rows: Int,
        _ columns: Int
    ) throws(EstimatorError) -> Int {
        // At most 2¹² rows of 2²² columns: no overflow.
        guard layout.count + rows * (columns + 8) <= Self.parameterLimit else {
            throw .invalidArchitecture("\(name): more than \(Self.parameterLimit) parameters")
        }
        return layout.addMatrix(name, rows: rows, columns: columns)
    }

    /// The width of a value that must be a vector.
    private func vectorWidth(_ shape: [Int], _ name: String) throws(EstimatorError) -> Int {
        guard shape.count == 1 else {
            throw .invalidArchitecture("\(name): needs a vector, found shape \(shape); flatten it")
        }
        return shape[0]
    }

    /// Counts the entries of one more array.
    private mutating func admit(
        _ shape: [Int],
        trials: Int,
        _ name: String
    ) throws(EstimatorError) {
        guard let entries = Self.entries(shape + [trials]) else {
            throw .invalidArchitecture("\(name): an array of shape \(shape) is too large")
        }
        entryCount += entries
        guard entryCount <= Self.entryLimit else {
            throw .invalidArchitecture(
                "\(name): the arrays of the network have more than \(Self.entryLimit) entries"
            )
        }
    }

    /// The number of entries; nil when it is beyond the limit or an extent is not positive.
    private static func entries(_ shape: [Int]) -> Int? {
        var count = 1
        for extent in shape {
            guard extent > 0 else { return nil }
            let (product, overflows) = count.multipliedReportingOverflow(by: extent)
            guard !overflows, product <= entryLimit else { return nil }
            count = product
        }
        return count
    }

    private func require(
        _ value: Int,
        _ range: ClosedRange<Int>,
        _ field: String,
        _ name: String
    ) throws(EstimatorError) {
        guard range.contains(value) else {
            throw .invalidArchitecture(
                "\(name).\(field) is \(value), expected \(range.lowerBound) to \(range.upperBound)"
            )
        }
    }
}
