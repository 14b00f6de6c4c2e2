import Distributions
import Estimators
import Foundation
import ModelStore
import StrictJSON
import TestSupport
import Testing

/// A golden file written by Tests/Reference/flows.py: structure and tensors as in a model file.
private struct FlowFixture: Decodable {
    var thetaDim: Int
    var xDim: Int
    var tensors: [String: SbiFixture.NamedTensor]
    var theta: [[Float]]
    var x: [[Float]]
    var logProb: [Double]
    var baseNoise: [[Float]]
    var samples: [[Double]]

    enum CodingKeys: String, CodingKey {
        case tensors, theta, x, samples
        case thetaDim = "theta_dim"
        case xDim = "x_dim"
        case logProb = "log_prob"
        case baseNoise = "base_noise"
    }

    static let names = [
        "maf-rqs-theta3", "nsf-theta1", "nsf-theta2", "nsf-theta5", "zuko-maf-theta3",
        "zuko-nsf-theta1", "zuko-nsf-theta4",
    ]

    static func posterior(_ name: String) throws -> (FlowFixture, Posterior) {
        let url = URL(filePath: #filePath).deletingLastPathComponent()
            .appending(path: "Fixtures/\(name).json")
        let data = try Data(contentsOf: url)
        let fixture = try JSONDecoder().decode(FlowFixture.self, from: data)
        let root = try JSONField(JSONDocument(parsing: Array(data)).root, path: "").object()
        let structure = try root.required("estimator", expected: "a structure")
        let posterior = try Posterior(
            architecture: EstimatorArchitecture(structure),
            prior: EstimatorCase.normal(fixture.thetaDim),
            thetaDim: fixture.thetaDim,
            xDim: fixture.xDim,
            tensors: fixture.tensors.mapValues { Tensor(shape: $0.shape, values: $0.values) }
        )
        return (fixture, posterior)
    }
}

/// Flows with the weights of sbi and zuko against their own numbers in float64.
@Suite struct FlowParityTests {
    /// An independent float32 evaluation of sbi's splines used at most 59 % of this tolerance; a
    /// median error of 4e-6 is what float32 leaves of splines.
    @Test(arguments: FlowFixture.names)
    func `log densities are those of sbi and zuko`(name: String) throws {
        let (fixture, posterior) = try FlowFixture.posterior(name)
        let logProb =
            posterior
            .logProb(fixture.theta.flatMap(\.self), given: fixture.x.flatMap(\.self))
        for (ours, theirs) in zip(logProb, fixture.logProb) {
            #expect(isClose(Double(ours), theirs, absolute: 1e-4, relative: 1e-5))
        }
        let errors = zip(logProb, fixture.logProb)
            .map { abs(Double($0) - $1) / max(1, abs($1)) }.sorted()
        #expect(errors[errors.count / 2] < 4e-6)
    }

    @Test(arguments: FlowFixture.names)
    func `draws from the same noise are those of sbi and zuko`(name: String) throws {
        let (fixture, posterior) = try FlowFixture.posterior(name)
        let theta = posterior.sample(
            fromNormals: fixture.baseNoise.flatMap(\.self),
            uniforms: [],
            given: fixture.x.flatMap(\.self)
        )
        for (ours, theirs) in zip(theta, fixture.samples.flatMap(\.self)) {
            #expect(isClose(Double(ours), theirs, absolute: 1e-4, relative: 1e-5))
        }
    }
}
