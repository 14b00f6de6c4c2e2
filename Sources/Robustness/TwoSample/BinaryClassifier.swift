import Autodiff
import Kernels

#if canImport(Darwin)
import Darwin
#else
import Glibc
#endif

/// A network of two hidden layers that learns to tell two classes apart.
///
/// It is trained as scikit-learn's `MLPClassifier` is by default: Glorot's uniform initial weights,
/// Adam at 1e-3 on shuffled batches of 200, a weight penalty of 1e-4, and an end once the training
/// loss has not fallen by 1e-4 for more than ten epochs.
struct BinaryClassifier {
    /// Rows of one step.
    static let batchSize = 200
    /// The learning rate.
    static let learningRate = 1e-3
    /// The penalty on the squared weights of a batch.
    static let weightPenalty = 1e-4
    /// By how much the loss of an epoch must be better than the best before.
    static let tolerance = 1e-4
    /// Epochs without that after which training ends.
    static let patience = 10

    private let layout: ParameterLayout
    private let gradientEvaluator: GradientEvaluator
    private let logitEvaluator: LaneEvaluator
    private var parameters: [Float]

    /// Makes a classifier with initial weights.
    ///
    /// - Parameters:
    ///   - features: The width of a row.
    ///   - hiddenUnits: The width of each hidden layer.
    ///   - stream: Gives the weights.
    init(features: Int, hiddenUnits: Int, using stream: inout RandomStream) {
        var layout = ParameterLayout()
        let widths = [features, hiddenUnits, hiddenUnits, 1]
        let layers = (0..<3).map { index in
            (
                weight: layout.addMatrix(
                    "\(index).weight",
                    rows: widths[index + 1],
                    columns: widths[index]
                ),
                bias: layout.addVector("\(index).bias", count: widths[index + 1])
            )
        }
        var program = LaneProgram(layout: layout)
        let row = program.input(features, rate: .sample)
        var hidden = row
        for layer in layers.dropLast() {
            let bias = program.parameters(layer.bias)
            hidden = program.relu(program.linear(layer.weight, hidden, adding: bias))
        }
        let bias = program.parameters(layers[2].bias)
        let logit = program.linear(layers[2].weight, hidden, adding: bias)
        logitEvaluator = LaneEvaluator(program, outputs: [logit])
        // The cross entropy of a label of 0 or 1.
        let label = program.input(1, rate: .sample)
        let loss = program.subtract(
            program.apply(.softplus, logit),
            program.multiply(label, logit)
        )
        let presence = program.input(1, rate: .sample, kind: .presence)
        _ = program.appendCotangents(
            of: loss,
            cotangent: presence,
            withRespectTo: [],
            parameterSinks: true
        )
        gradientEvaluator = GradientEvaluator(program, loss: loss)
        parameters = Array(repeating: 0, count: layout.count)
        for layer in layers {
            let matrix = layout.matrices[layer.weight]
            let vector = layout.vectors[layer.bias]
            let bound = (6 / Double(matrix.rows + matrix.columns)).squareRoot()
            for place in 0..<matrix.rows * matrix.columns {
                let (row, column) = place.quotientAndRemainder(dividingBy: matrix.columns)
                parameters[matrix.offset + row * matrix.stride + column] =
                    Float((2 * stream.uniform() - 1) * bound)
            }
            for entry in 0..<vector.count {
                parameters[vector.offset + entry] = Float((2 * stream.uniform() - 1) * bound)
            }
        }
        self.layout = layout
    }

    /// Fits the weights to some rows of a table.
    ///
    /// - Parameters:
    ///   - features: `[N, D]`.
    ///   - labels: `[N]`, 0 or 1.
    ///   - rows: The rows to learn from.
    ///   - epochLimit: The most passes over them.
    ///   - stream: Gives the order of the rows.
    mutating func fit(
        features: [Float],
        labels: [Float],
        rows: [Int],
        epochLimit: Int,
        using stream: inout RandomStream
    ) {
        var order = rows
        var gradient = [Float](repeating: 0, count: layout.count)
        var first = gradient
        var second = gradient
        var average = parameters
        var step = 0
        var best = Double.infinity
        var stale = 0
        for _ in 0..<epochLimit {
            stream.shuffle(&order)
            var epochLoss = 0.0
            for start in stride(from: 0, to: order.count, by: Self.batchSize) {
                let batch = order[start..<min(start + Self.batchSize, order.count)]
                epochLoss += gradientEvaluator.lossAndGradient(
                    parameters: parameters,
                    count: batch.count,
                    sources: [
                        .selected(features, rows: batch), .selected(labels, rows: batch),
                        .presence,
                    ],
                    workers: 1,
                    gradient: &gradient
                )
                epochLoss += addPenalty(to: &gradient, rows: batch.count)
                step += 1
                updateAdam(
                    parameters: &parameters,
                    average: &average,
                    firstMoment: &first,
                    secondMoment: &second,
                    gradient: gradient,
                    rates: AdamRates(
                        gradientScale: 1,
                        firstRate: 0.1,
                        secondRate: 0.001,
                        retention: 1,
                        step: Float(Self.learningRate / (1 - pow(0.9, Double(step)))),
                        secondCorrection: Float(1 / (1 - pow(0.999, Double(step)))),
                        epsilon: 1e-8,
                        averageRate: 1
                    ),
                    workers: 1
                )
            }
            let loss = epochLoss / Double(order.count)
            stale = loss > best - Self.tolerance ? stale + 1 : 0
            best = min(best, loss)
            if stale > Self.patience { return }
        }
    }

    /// Adds the penalty's slope to the mean gradient of a batch; the penalty summed over its rows.
    private func addPenalty(to gradient: inout [Float], rows: Int) -> Double {
        let rate = Float(Self.weightPenalty / Double(rows))
        var squares: Float = 0
        // The padding of a matrix is zero.
        for matrix in layout.matrices {
            for place in matrix.offset..<matrix.offset + matrix.rows * matrix.stride {
                gradient[place] += rate * parameters[place]
                squares += parameters[place] * parameters[place]
            }
        }
        return Self.weightPenalty / 2 * Double(squares)
    }

    /// Whether the second class is the likelier one of each row, in the order of `rows`.
    func predictions(features: [Float], rows: [Int]) -> [Bool] {
        logitEvaluator.evaluate(
            parameters: parameters,
            observations: rows.count,
            samples: 1,
            sources: [.selected(features, rows: rows[...])],
            workers: 1
        ).map { $0 > 0 }
    }
}
