import CDigitsDecoder
import Distributions
public import Kernels

/// An image of 28 × 28 pixels that a network makes of three numbers, with normal noise.
///
///     x = dec(θ) + N(0, 0.05²),  dec a network 3, 500, 500, 500, 784 with ReLU and sigmoid pixels
///
/// The network is the decoder of a variational autoencoder of handwritten digits, frozen. It is
/// our own, trained by `Tests/Reference/digits_decoder.py`, not that of the reference: compare
/// ratios between methods with published results, not absolute values.
///
/// *Reference*: Glöckler, Deistler, Macke (2023), Adversarial robustness of amortized Bayesian
/// inference, arXiv:2305.14984.
public struct DigitsVAE: SignalSimulator {
    /// Rows and columns of an image.
    static let side = 28
    /// The standard deviation of the noise.
    package static let noise = 0.05
    /// Simulations that go through the network together.
    private static let tileLanes = 64

    /// Makes the simulator.
    public init() {}

    /// D = 3.
    public var thetaDim: Int { 3 }
    /// L = 784, row by row.
    public var xDim: Int { Self.side * Self.side }

    /// The image of each theta, `[784]`.
    public func signals(of theta: [[Double]]) -> [[Double]] {
        let decoder = Decoder.shared
        let inputs = theta.joined().map(Float.init)
        var memory = LaneMemory(
            rows: decoder.tape.rows,
            maximumLanes: min(Self.tileLanes, max(theta.count, 1))
        )
        var images: [[Double]] = []
        images.reserveCapacity(theta.count)
        var noGradient: [SIMD8<Float>] = []
        for start in stride(from: 0, to: theta.count, by: Self.tileLanes) {
            let count = min(Self.tileLanes, theta.count - start)
            memory.setLanes(count)
            memory.load(into: 0, width: thetaDim, from: inputs, laneCount: count) { start + $0 }
            memory.execute(
                decoder.tape,
                parameters: decoder.parameters,
                observation: [],
                observationOffset: 0,
                gradient: &noGradient
            )
            var pixels = [Float](repeating: 0, count: count * xDim)
            var span = pixels.mutableSpan
            memory.store(
                from: decoder.output,
                width: xDim,
                laneCount: count,
                into: &span,
                column: 0,
                stride: xDim
            )
            for lane in 0..<count {
                images.append(pixels[lane * xDim..<(lane + 1) * xDim].map(Double.init))
            }
        }
        return images
    }

    /// Draws x given the image: one normal number an entry.
    public func observe(_ signal: [Double], using stream: inout RandomStream) -> [Double] {
        signal.map { $0 + Self.noise * stream.normal() }
    }
}

/// The network as a tape, and its weights.
private struct Decoder: Sendable {
    /// What to run on lanes of theta, which stand in the first rows.
    let tape: LaneTape
    /// The row of the first pixel.
    let output: Int
    /// Weights, row by row, and then biases, layer after layer.
    let parameters: [Float]

    static let shared = Decoder(widths: [3, 500, 500, 500, 784])

    /// Reads the weights, each a whole number of steps of its unit.
    ///
    /// The bytes are all weights, `[out, in]` layer after layer, one signed byte each; then all
    /// steps and all biases, one float32 a unit, little-endian.
    private init(widths: [Int]) {
        let layers = zip(widths, widths.dropFirst())
        let weightCount = layers.reduce(0) { $0 + $1.0 * $1.1 }
        let unitCount = widths.dropFirst().reduce(0, +)
        precondition(
            digits_decoder_count() == weightCount + 8 * unitCount,
            "a decoder of \(digits_decoder_count()) bytes for \(weightCount) weights"
        )
        func float(_ index: Int) -> Float {
            let place = weightCount + 4 * index
            return Float(
                bitPattern: (0..<4).reduce(0) { bits, byte in
                    bits | UInt32(digits_decoder_byte(place + byte)) << UInt32(8 * byte)
                }
            )
        }
        var parameters: [Float] = []
        var instructions: [LaneInstruction] = []
        var tiles: [MatrixTile] = []
        var (place, unit, row) = (0, 0, 0)
        let scratch = widths.reduce(0, +)
        for (index, (inputs, outputs)) in layers.enumerated() {
            let matrix = MatrixView(
                offset: parameters.count,
                rowStride: inputs,
                innerStride: 1
            )
            for output in 0..<outputs {
                let step = float(unit + output)
                for _ in 0..<inputs {
                    parameters.append(step * Float(Int8(bitPattern: digits_decoder_byte(place))))
                    place += 1
                }
            }
            let bias = parameters.count
            parameters += (0..<outputs).map { float(unitCount + unit + $0) }
            unit += outputs
            let cover = MatrixTile.cover(
                rowExtents: Array(repeating: 0..<inputs, count: outputs)
            )
            let target = row + inputs
            instructions.append(
                .linear(
                    target: target,
                    source: row,
                    matrix: matrix,
                    tiles: tiles.count..<tiles.count + cover.count,
                    addend: .scalars(.parameters(bias))
                )
            )
            tiles += cover
            if index == widths.count - 2 {
                instructions.append(
                    .unary(.sigmoid, target: target, source: target, count: outputs)
                )
            } else {
                // ReLU: x times the step of x.
                instructions += [
                    .unary(.step, target: scratch, source: target, count: outputs),
                    .binary(
                        .multiply,
                        target: target,
                        left: target,
                        right: scratch,
                        count: outputs
                    ),
                ]
            }
            row = target
        }
        output = row
        self.parameters = parameters
        tape = LaneTape(
            instructions: instructions,
            tiles: tiles,
            indices: [],
            terms: [],
            literals: [],
            rows: scratch + (widths.max() ?? 0),
            parameterCount: parameters.count,
            observationScalars: 0
        )
    }
}

extension BenchmarkTask {
    /// `digits_vae`: three numbers from the image a network makes of them.
    public static let digitsVAE = BenchmarkTask(
        name: "digits_vae",
        summary: "3 inputs of a network that draws digits, from an image of 28 x 28 pixels",
        prior: .diagonalNormal(mean: [0, 0, 0], standardDeviation: [1, 1, 1]),
        simulator: DigitsVAE(),
        xShape: [DigitsVAE.side, DigitsVAE.side],
        embeddingWidths: BenchmarkTask.publishedEmbedding
    )
}
