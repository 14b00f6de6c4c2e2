import Distributions
import Estimators
import Foundation

/// A golden file written by Tests/Reference/sbi_estimators.py.
struct SbiFixture: Decodable {
    struct Architecture: Decodable {
        struct Transform: Decodable {
            var degrees: [Int]
            var permutation: [Int]
        }

        var kind: String
        var thetaDim: Int
        var xDim: Int
        var hiddenFeatures: Int
        var blocks: Int?
        var scaleFloor: Double?
        var transforms: [Transform]?
        var components: Int?
        var hiddenLayers: Int?
        var diagonalFloor: Double?
    }

    struct NamedTensor: Decodable {
        var shape: [Int]
        var values: [Float]
    }

    var architecture: Architecture
    var tensors: [String: NamedTensor]
    var theta: [[Float]]
    var x: [[Float]]
    var logProb: [Double]
    /// Mixtures: sbi's own density, with its addition to the precision in the quadratic form.
    var logProbAsShipped: [Double]?
    var precisionEpsilonAsShipped: Double?
    var baseNoise: [[Float]]
    var samples: [[Double]]

    static let flows = [
        "maf-theta1", "maf-theta2", "maf-theta3-blocks3", "maf-theta5", "maf-theta5-hidden50",
    ]
    static let mixtures = ["mdn-theta1", "mdn-theta2", "mdn-theta2-floor", "mdn-theta3"]

    static func load(_ name: String) throws -> SbiFixture {
        let url = URL(filePath: #filePath).deletingLastPathComponent()
            .appending(path: "Fixtures/\(name).json")
        let document = try JSONSerialization.jsonObject(with: Data(contentsOf: url))
        // Tensor names keep their case; only the structure's keys are snake_case.
        guard var fields = document as? [String: Any] else { throw CocoaError(.coderReadCorrupt) }
        let tensors = try JSONDecoder().decode(
            [String: NamedTensor].self,
            from: JSONSerialization.data(withJSONObject: fields["tensors"] ?? [:])
        )
        fields["tensors"] = [:] as [String: Any]
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        var fixture = try decoder.decode(
            SbiFixture.self,
            from: JSONSerialization.data(withJSONObject: fields)
        )
        fixture.tensors = tensors
        return fixture
    }

    func posterior(quadraticFloor: Double = 0) throws -> Posterior {
        let form: EstimatorArchitecture =
            if architecture.kind == "maf" {
                .flow(
                    FlowArchitecture(
                        transforms: (architecture.transforms ?? []).flatMap {
                            transform -> [FlowTransform] in
                            let network = MaskedNetwork(
                                hiddenDegrees: Array(
                                    repeating: transform.degrees,
                                    count: (architecture.blocks ?? 0) + 1
                                ),
                                activation: .tanh,
                                contextActivation: .tanh
                            )
                            return [
                                .autoregressive(
                                    AutoregressiveTransform(
                                        order: Array(0..<architecture.thetaDim),
                                        map: .softplusAffine(floor: architecture.scaleFloor ?? 0),
                                        conditioner: network
                                    )
                                ),
                                .permutation(transform.permutation),
                            ]
                        }
                    )
                )
            } else {
                .mixtureDensityNetwork(
                    MixtureDensityNetworkArchitecture(
                        components: architecture.components ?? 0,
                        hiddenFeatures: architecture.hiddenFeatures,
                        hiddenLayers: architecture.hiddenLayers ?? 0,
                        diagonalFloor: architecture.diagonalFloor ?? 0,
                        quadraticFloor: quadraticFloor
                    )
                )
            }
        return try Posterior(
            architecture: form,
            prior: .diagonalNormal(
                mean: Array(repeating: 0, count: architecture.thetaDim),
                standardDeviation: Array(repeating: 1, count: architecture.thetaDim)
            ),
            thetaDim: architecture.thetaDim,
            xDim: architecture.xDim,
            tensors: Dictionary(
                uniqueKeysWithValues: tensors.map { name, tensor in
                    (currentName(of: name), Tensor(shape: tensor.shape, values: tensor.values))
                }
            )
        )
    }

    /// The files count the maps of a flow alone; a permutation stands after each.
    private func currentName(of name: String) -> String {
        guard architecture.kind == "maf", name.hasPrefix("transforms.") else { return name }
        let parts = name.split(separator: ".", maxSplits: 2)
        return "transforms.\(2 * (Int(parts[1]) ?? 0)).\(parts[2])"
    }
}
