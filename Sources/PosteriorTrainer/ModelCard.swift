import Distributions
import Estimators
import Foundation
import ModelStore

/// A model's metadata as text for people.
struct ModelCard: CustomStringConvertible {
    /// Where the model is.
    let path: String
    /// The model.
    let file: ModelFile

    /// One line a fact.
    var description: String {
        let posterior = file.posterior
        let metadata = file.metadata
        var facts = [("file", path)]
        facts += metadata.summary.map { [("summary", $0)] } ?? []
        facts += [
            ("estimator", estimator),
            ("parameters", "\(weightCount) weights"),
            ("theta", variable(metadata.theta, dimension: posterior.thetaDim)),
            ("x", variable(metadata.x, dimension: posterior.xDim)),
            ("prior", text(of: posterior.prior)),
        ]
        if posterior.support == .truncated {
            facts.append(("support", "truncated to the prior's, by rejection"))
        }
        facts += metadata.dataScale.map { [("data scale", String(format: "%.4f", $0))] } ?? []
        facts += metadata.training.map { self.training($0) } ?? []
        facts += metadata.source.map { self.source($0) } ?? []
        if let calibration = metadata.calibration {
            let coverage = zip(calibration.levels, calibration.coverage).map {
                String(format: "%.2f → %.3f", $0, $1)
            }
            facts.append(("coverage", coverage.joined(separator: ", ")))
        }
        return facts.map { name, value in
            "\(name.padding(toLength: 12, withPad: " ", startingAt: 0))\(value)"
        }.joined(separator: "\n")
    }

    /// How it was trained.
    private func training(_ training: TrainingRecord) -> [(String, String)] {
        var facts: [(String, String)] = []
        facts += training.task.map { [("task", $0)] } ?? []
        facts += training.dataDigest.map { [("data", $0)] } ?? []
        facts += training.simulations.map { [("simulations", "\($0)")] } ?? []
        facts.append(
            ("defense", training.beta.map { "\(training.defense), β = \($0)" } ?? training.defense)
        )
        facts += training.seed.map { [("seed", "\($0)")] } ?? []
        return facts + losses(training) + [("software", training.softwareVersion)]
    }

    /// Where it was imported from.
    private func source(_ source: ModelSource) -> [(String, String)] {
        let versions = source.versions.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }
        let origin = [source.software] + (source.estimator.map { ["estimator \($0)"] } ?? [])
        let amortized =
            switch source.isAmortized {
            case true: "yes"
            case false: "no, for one observation only"
            default: "unknown"
            }
        return [
            ("imported", (origin + versions).joined(separator: ", ")), ("amortized", amortized),
        ]
            + source.notes.map { ("note", $0) }
    }

    /// The structure in a few words.
    private var estimator: String {
        text(of: file.posterior.architecture)
            + (file.posterior.embedding.map { ", after \(text(of: $0))" } ?? "")
    }

    private func text(of architecture: EstimatorArchitecture) -> String {
        switch architecture {
        case .flow(let flow): text(of: flow)
        case .mixtureMADE(let network):
            """
            made, \(count(network.components, "component")), \(network.blocks) blocks, \
            \(network.degrees.count) hidden
            """
        case .ensemble(let members):
            "ensemble of \(members.count): "
                + Set(members.map { text(of: $0.estimator) }).sorted().joined(separator: "; ")
        case .mixtureDensityNetwork(let mixture):
            """
            mdn, \(count(mixture.components, "component")), \
            \(count(mixture.hiddenLayers, "layer")), \
            \(mixture.hiddenFeatures) hidden
            """
        }
    }

    /// A count with its noun.
    private func count(_ number: Int, _ noun: String) -> String {
        "\(number) \(noun)\(number == 1 ? "" : "s")"
    }

    /// What an embedding network is made of, without its activations.
    private func text(of embedding: EmbeddingArchitecture) -> String {
        let layers = embedding.layers.compactMap { layer -> String? in
            switch layer {
            case .linear(let features): "\(features)"
            case .convolution(let channels, let kernel, _, _):
                "convolution \(kernel) to \(channels)"
            case .maxPool(let size): "pool \(size)"
            case .residual(let layers): "residual of \(layers.count) layers"
            case .trials(_, let aggregation): "\(aggregation.rawValue) over trials"
            case .activation, .layerNorm, .reshape, .flatten: nil
            }
        }
        return "embedding \(layers.joined(separator: ", "))"
    }

    /// The maps of a flow that have networks.
    private func text(of flow: FlowArchitecture) -> String {
        let maps = flow.transforms.compactMap { transform -> String? in
            switch transform {
            case .autoregressive(let transform):
                let widths = transform.conditioner.hiddenDegrees.map(\.count)
                return "autoregressive \(text(of: transform.map)), hidden \(widths)"
            case .coupling(let transform):
                return switch transform.conditioner {
                case .residual(let network):
                    """
                    coupling \(text(of: transform.map)), \(network.blocks) residual blocks of \
                    \(network.hiddenFeatures)
                    """
                case .layers(let widths, _):
                    "coupling \(text(of: transform.map)), hidden \(widths)"
                }
            case .elementwiseAffine, .permutation, .lowerUpperLinear: return nil
            }
        }
        let kinds = Set(maps)
        guard let kind = maps.first, kinds.count == 1 else { return "flow, \(maps.count) maps" }
        return "flow, \(maps.count) × \(kind)"
    }

    private func text(of map: FeatureMap) -> String {
        switch map {
        case .softplusAffine, .softClippedAffine: "affine"
        case .rationalQuadraticSpline(let spline): "splines of \(spline.bins) bins"
        case .softClippedSpline(let bins, _, _): "splines of \(bins) bins"
        }
    }

    /// How many numbers the tensors hold.
    private var weightCount: Int {
        file.posterior.tensors.values.reduce(0) { $0 + $1.values.count }
    }

    /// The epochs and the losses of the kept one.
    private func losses(_ training: TrainingRecord) -> [(String, String)] {
        if let best = training.bestEpoch, let epochs = training.epochs {
            let losses = training.validationLosses
            return [("epochs", text(epochs, best: best, losses, end: training.stopReason))]
        }
        return training.members.enumerated().map { index, member in
            let text = text(
                member.epochs,
                best: member.bestEpoch,
                member.validationLosses,
                end: member.stopReason
            )
            return ("member \(index + 1)", "epochs \(text); seed \(member.seed)")
        }
    }

    /// The course of training in a few words.
    private func text(_ epochs: Int, best: Int, _ losses: [Double], end: String?) -> String {
        var text = "\(epochs)"
        if losses.indices.contains(best - 1) {
            text += String(
                format: ", best %d with a validation loss of %.4f",
                best,
                losses[best - 1]
            )
        }
        if let end { text += ", ended by \(end)" }
        return text
    }

    /// Shape and names of a variable.
    private func variable(_ variable: VariableDescription, dimension: Int) -> String {
        let shape = variable.shape.map(String.init).joined(separator: " × ")
        guard let names = variable.names else { return shape }
        let shown = names.prefix(6).joined(separator: ", ")
        return "\(shape): \(shown)\(names.count > 6 ? ", …" : "")"
    }

    /// A prior in a few words.
    private func text(of prior: DistributionDescription) -> String {
        switch prior {
        case .diagonalNormal: "independent normals, D=\(prior.dimension)"
        case .multivariateNormal: "normal with full covariance, D=\(prior.dimension)"
        case .boxUniform: "uniform on a box, D=\(prior.dimension)"
        case .logNormal: "independent log-normals, D=\(prior.dimension)"
        case .truncatedNormal: "truncated normals, D=\(prior.dimension)"
        case .logUniform: "independent log-uniforms, D=\(prior.dimension)"
        case .gamma: "independent gammas, D=\(prior.dimension)"
        case .beta: "independent betas, D=\(prior.dimension)"
        case .exponential: "independent exponentials, D=\(prior.dimension)"
        case .product(let factors): factors.map { text(of: $0) }.joined(separator: " × ")
        }
    }
}
