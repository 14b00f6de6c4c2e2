import ArgumentParser
import Estimators

/// The kinds of embedding networks.
enum EmbeddingKind: String, CaseIterable, ExpressibleByArgument {
    /// None: the estimator sees x itself.
    case none
    /// Fully connected layers.
    case mlp
    /// Convolutions, for series and images.
    case cnn
    /// The same network for each trial, then the mean over the trials.
    case trials
}

/// The flags that describe the network between x and the estimator.
struct EmbeddingOptions: ParsableArguments {
    @Option(
        help: """
            Network between x and the estimator. mlp: fully connected. cnn: convolutions, for x of \
            one axis (a series), two (an image) or three (channels first). trials: for sets of \
            trials, the first axis of x, of which any may be missing, their numbers NaN.
            """
    )
    var embedding = EmbeddingKind.none

    @Option(
        help: ArgumentHelp(
            "Width of its layers; mlp: or the widths one by one, such as 400,200,100; default: 50.",
            valueName: "n[,…]"
        )
    )
    var embeddingHidden: WidthList?

    @Option(
        help: ArgumentHelp(
            "Number of its hidden layers, convolutions for a cnn; default: 2.",
            valueName: "n"
        )
    )
    var embeddingLayers: Int?

    @Option(help: ArgumentHelp("Width of its output; default: 20.", valueName: "n"))
    var embeddingFeatures: Int?

    @Flag(help: "mlp: add the input of each inner layer to its output.")
    var embeddingResidual = false

    func validate() throws {
        let counts = [
            ("--embedding-hidden", embeddingHidden?.widths[0]),
            ("--embedding-layers", embeddingLayers), ("--embedding-features", embeddingFeatures),
        ]
        for (flag, value) in counts {
            guard let value else { continue }
            try require(value > 0, flag, value, expected: "at least 1")
            guard embedding != .none else { throw ValidationError("\(flag) goes with --embedding") }
        }
        guard !embeddingResidual || embedding == .mlp else {
            throw ValidationError("--embedding-residual goes with --embedding mlp")
        }
        guard let widths = embeddingHidden?.widths, widths.count > 1 else { return }
        guard embedding == .mlp, !embeddingResidual else {
            throw ValidationError(
                "--embedding-hidden with several widths goes with --embedding mlp, not residual"
            )
        }
        guard embeddingLayers == nil || embeddingLayers == widths.count else {
            throw ValidationError(
                """
                --embedding-layers \(embeddingLayers ?? 0): expected \(widths.count), the number \
                of widths of --embedding-hidden
                """
            )
        }
    }

    /// The structure for x of this shape; nil for none.
    ///
    /// - Throws: `CommandFailure` when x has no shape such a network takes.
    func architecture(xShape: [Int]) throws -> EmbeddingArchitecture? {
        switch embedding {
        case .none: nil
        case .mlp: EmbeddingArchitecture(xShape: xShape, layers: flat(xShape) + dense)
        case .cnn: EmbeddingArchitecture(xShape: xShape, layers: try convolutions(xShape) + head)
        case .trials:
            EmbeddingArchitecture(xShape: xShape, layers: [try trials(xShape)] + head)
        }
    }

    private var hidden: Int { embeddingHidden?.widths.first ?? 50 }
    private var depth: Int { embeddingLayers ?? 2 }

    private func flat(_ shape: [Int]) -> [EmbeddingLayer] { shape.count > 1 ? [.flatten] : [] }

    /// The last layers of every network.
    private var head: [EmbeddingLayer] {
        [
            .linear(features: hidden), .activation(.relu),
            .linear(features: embeddingFeatures ?? 20), .activation(.relu),
        ]
    }

    private var dense: [EmbeddingLayer] {
        if let widths = embeddingHidden?.widths, widths.count > 1 {
            return (widths + [embeddingFeatures ?? 20]).flatMap { width -> [EmbeddingLayer] in
                [.linear(features: width), .activation(.relu)]
            }
        }
        let first: [EmbeddingLayer] = [.linear(features: hidden), .activation(.relu)]
        let inner: [EmbeddingLayer] =
            embeddingResidual
            ? [
                .residual([
                    .linear(features: hidden), .activation(.relu), .linear(features: hidden),
                ]),
                .activation(.relu),
            ] : first
        return first + (1..<max(depth, 1)).flatMap { _ in inner }
            + [.linear(features: embeddingFeatures ?? 20), .activation(.relu)]
    }

    private func convolutions(_ shape: [Int]) throws -> [EmbeddingLayer] {
        guard shape.count <= 3 else {
            throw CommandFailure(
                "--embedding cnn: x of shape \(shape), expected at most three axes"
            )
        }
        var layers: [EmbeddingLayer] = shape.count < 3 ? [.reshape([1] + shape)] : []
        var sizes = shape.count < 3 ? shape : Array(shape.dropFirst())
        for layer in 0..<depth {
            layers += [
                .convolution(
                    channels: 6 << min(layer, 6),
                    kernel: sizes.map { _ in 5 },
                    padding: 2,
                    stride: 1
                ),
                .activation(.relu),
            ]
            // What is pooled keeps two places along every axis.
            guard sizes.allSatisfy({ $0 >= 4 }) else { continue }
            layers.append(.maxPool(size: 2))
            sizes = sizes.map { $0 / 2 }
        }
        return layers + [.flatten]
    }

    private func trials(_ shape: [Int]) throws -> EmbeddingLayer {
        guard shape.count > 1 else {
            throw CommandFailure(
                "--embedding trials: x of shape \(shape), expected trials and what one holds; "
                    + "--x-shape says it"
            )
        }
        let layers: [EmbeddingLayer] = (0..<depth).flatMap { _ -> [EmbeddingLayer] in
            [.linear(features: hidden), .activation(.relu)]
        }
        return .trials(flat(Array(shape.dropFirst())) + layers, aggregation: .mean)
    }
}

/// Widths of layers, written with commas.
struct WidthList: ExpressibleByArgument {
    /// The widths, from x on; at least one.
    let widths: [Int]

    /// Reads positive numbers with commas between them.
    init?(argument: String) {
        let numbers = argument.split(separator: ",", omittingEmptySubsequences: false).map {
            Int($0)
        }
        widths = numbers.compactMap { $0 }
        guard widths.count == numbers.count, widths.allSatisfy({ $0 > 0 }) else { return nil }
    }
}
