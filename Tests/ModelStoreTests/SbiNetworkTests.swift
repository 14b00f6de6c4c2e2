import Estimators
import Foundation
import ModelStore
import Testing

/// Model files of sbi's networks, written by Tests/Reference/embedding_networks.py, against sbi's
/// own log densities in float64.
@Suite struct SbiNetworkTests {
    private struct Golden: Decodable {
        var theta: [Float]
        var x: [Float?]
        var logProb: [Double]

        private enum CodingKeys: String, CodingKey {
            case theta, x
            case logProb = "log_prob"
        }
    }

    static let embeddings = [
        "embedding-fc", "embedding-fc-norm", "embedding-cnn-1d", "embedding-cnn-2d",
        "embedding-trials-sum", "embedding-trials-mean",
    ]

    /// sbi itself is 2e-6 from exact in float32 (relative to max(1, |value|)).
    @Test(arguments: embeddings + ["made-theta1", "made-theta3"])
    func `log densities are those of sbi`(name: String) throws {
        let posterior = try ModelFile(bytes: Fixture.bytes(name)).posterior
        let golden = try golden(name)
        let x = golden.x.map { $0 ?? .nan }
        let whole = posterior.logProb(golden.theta, given: x)
        #expect(whole.count == golden.logProb.count)
        for (row, theirs) in golden.logProb.enumerated() {
            let tolerance = 1e-5 + 1e-5 * abs(theirs)
            #expect(abs(Double(whole[row]) - theirs) <= tolerance, "row \(row)")
            // Missing trials of other observations change nothing.
            let alone = posterior.logProb(
                slice(golden.theta, row, posterior.thetaDim),
                given: slice(x, row, posterior.xDim)
            )
            #expect(alone == [whole[row]])
        }
        let errors = zip(whole, golden.logProb)
            .map { abs(Double($0) - $1) / max(1, abs($1)) }.sorted()
        #expect(errors[errors.count / 2] < 1e-6)
    }

    @Test(arguments: embeddings + ["made-theta1", "made-theta3"])
    func `structures and weights survive another round`(name: String) throws {
        let file = try ModelFile(bytes: Fixture.bytes(name))
        let again = try ModelFile(bytes: file.encoded())
        #expect(again.posterior.architecture == file.posterior.architecture)
        #expect(again.posterior.embedding == file.posterior.embedding)
        #expect(again.posterior.tensors == file.posterior.tensors)
    }

    /// A trial's place does not matter, and its missing entries count as zero.
    @Test(arguments: ["embedding-trials-sum", "embedding-trials-mean"])
    func `the order of trials does not matter`(name: String) throws {
        let file = try ModelFile(bytes: Fixture.bytes(name))
        let posterior = file.posterior
        #expect(posterior.trialLimit == 4)
        var tensors = posterior.tensors
        // Trials are exchangeable when they are standardised alike.
        tensors["standardization.x_mean"] = Tensor(
            shape: [12],
            values: Array(repeating: 0, count: 12)
        )
        tensors["standardization.x_standard_deviation"] =
            Tensor(shape: [12], values: Array(repeating: 1, count: 12))
        let alike = try Posterior(
            architecture: posterior.architecture,
            embedding: posterior.embedding,
            prior: posterior.prior,
            thetaDim: 2,
            xDim: 12,
            tensors: tensors
        )
        let trials: [[Float]] = [[1, 2, 3], [-1, 0.5, 2], [.nan, .nan, .nan], [0.25, -3, 1]]
        func logProb(_ order: [Int]) -> Double {
            Double(alike.logProb([0.1, -0.4], given: order.flatMap { trials[$0] })[0])
        }
        let first = logProb([0, 1, 2, 3])
        #expect(first.isFinite)
        #expect(abs(logProb([3, 1, 0, 2]) - first) < 1e-5)
        #expect(abs(logProb([2, 0, 3, 1]) - first) < 1e-5)
        #expect(abs(logProb([2, 0, 2, 1]) - first) > 1e-3)
        let none = logProb([2, 2, 2, 2])
        #expect(none.isFinite)
        let partly = alike.logProb(
            [0.1, -0.4],
            given: [0.25, .nan, 1] + trials[0] + trials[1] + trials[2]
        )
        let filled = alike.logProb(
            [0.1, -0.4],
            given: [0.25, 0, 1] + trials[0] + trials[1] + trials[2]
        )
        #expect(partly == filled)
    }

    @Test func `an ensemble is the equal-weight mixture of its members`() throws {
        let members = try ["embedding-fc", "embedding-fc-norm"].map { name in
            try ModelFile(bytes: Fixture.bytes(name))
        }
        let ensemble = try Posterior(ensemble: members.map(\.posterior))
        let file = ModelFile(metadata: members[0].metadata, posterior: ensemble)
        let posterior = try ModelFile(bytes: file.encoded()).posterior
        #expect(posterior.architecture == ensemble.architecture)
        #expect(posterior.tensors == ensemble.tensors)
        let golden = try golden("embedding-fc")
        let x = golden.x.map { $0 ?? .nan }
        let own = members.map { $0.posterior.logProb(golden.theta, given: x) }
        for (row, logProb) in posterior.logProb(golden.theta, given: x).enumerated() {
            let (a, b) = (Double(own[0][row]), Double(own[1][row]))
            let expected = max(a, b) + log((1 + exp(-abs(a - b))) / 2)
            #expect(abs(Double(logProb) - expected) < 1e-5 + 1e-6 * abs(expected))
        }
    }

    private func golden(_ name: String) throws -> Golden {
        let url = URL(filePath: #filePath).deletingLastPathComponent()
            .appending(path: "Fixtures/\(name).json")
        return try JSONDecoder().decode(Golden.self, from: Data(contentsOf: url))
    }

    private func slice(_ values: [Float], _ row: Int, _ width: Int) -> [Float] {
        Array(values[(row * width)..<((row + 1) * width)])
    }
}
