import Estimators
import Foundation
import ModelStore
import Testing

/// Posteriors trained with sbi and exported with deploy/import/export_sbi.py, written by
/// Tests/Reference/sbi_imports.py, against sbi's own numbers.
@Suite struct SbiImportTests {
    private struct Golden: Decodable {
        var theta: [Float]
        var x: [Float?]
        /// Of sbi as shipped, in single precision.
        var logProb: [Double]
        var logProbInDouble: [Double]
        /// Standard normals `[N, D]`, uniforms `[N]` that choose components, and the draws.
        var baseNoise: [Float]?
        var uniforms: [Float]?
        var draws: [Double]?

        static func load(_ name: String) throws -> Golden {
            let url = URL(filePath: #filePath).deletingLastPathComponent()
                .appending(path: "Fixtures/imports/\(name).json")
            let decoder = JSONDecoder()
            decoder.keyDecodingStrategy = .convertFromSnakeCase
            return try decoder.decode(Golden.self, from: Data(contentsOf: url))
        }
    }

    static let names =
        ["maf", "nsf", "mdn", "maf-rqs", "made", "zuko-maf", "zuko-nsf"].flatMap { estimator in
            [1, 2, 5, 12].map { "\(estimator)-theta\($0)" }
        } + [
            "maf-theta2-batch-norm", "nsf-theta2-batch-norm", "zuko-maf-theta5-randperm",
            "mdn-theta2-unconstrained", "zuko-maf-theta2-unconstrained",
            "zuko-nsf-theta2-unconstrained",
        ]
    /// sbi draws from made with a random dummy feature, and the density is of another one.
    static let replayed = names.filter { !$0.hasPrefix("made") }

    private func posterior(_ name: String) throws -> Posterior {
        try ModelFile(bytes: Fixture.bytes("imports/\(name)")).posterior
    }

    /// An independent float32 evaluation of sbi's splines used at most 59 % of this tolerance.
    @Test(arguments: names)
    func `log densities are those of the posterior that sbi trained`(name: String) throws {
        let golden = try Golden.load(name)
        let ours = try posterior(name)
            .untruncatedLogProb(golden.theta, given: golden.x.map { $0 ?? .nan })
            .map(Double.init)
        for theirs in [golden.logProb, golden.logProbInDouble] {
            #expect(ours.count == theirs.count)
            for (row, (ours, theirs)) in zip(ours, theirs).enumerated() {
                let tolerance = 1e-4 + 1e-5 * abs(theirs)
                #expect(abs(ours - theirs) <= tolerance, "row \(row): \(ours), not \(theirs)")
            }
        }
        let errors = zip(ours, golden.logProbInDouble)
            .map { abs($0 - $1) / max(1, abs($1)) }.sorted()
        #expect(errors[errors.count / 2] < 1e-6)
    }

    @Test(arguments: replayed)
    func `draws of sbi's noise are sbi's draws`(name: String) throws {
        let golden = try Golden.load(name)
        let draws = try #require(golden.draws)
        let ours = try posterior(name)
            .sample(
                fromNormals: try #require(golden.baseNoise),
                uniforms: try #require(golden.uniforms),
                given: golden.x.map { $0 ?? .nan }
            )
        #expect(ours.count == draws.count)
        for (place, (ours, theirs)) in zip(ours, draws).enumerated() {
            #expect(abs(Double(ours) - theirs) <= 1e-4, "entry \(place): \(ours), not \(theirs)")
        }
    }

    /// The density knows no prior, unless it was trained in unconstrained space.
    @Test(arguments: names)
    func `the posterior is zero outside the prior's support`(name: String) throws {
        let golden = try Golden.load(name)
        let posterior = try posterior(name)
        let x = golden.x.map { $0 ?? .nan }
        let logProb = posterior.logProb(golden.theta, given: x)
        let untruncated = posterior.untruncatedLogProb(golden.theta, given: x)
        for (row, isInside) in posterior.isInSupport(golden.theta).enumerated() {
            #expect(logProb[row] == (isInside ? untruncated[row] : -.infinity))
        }
    }
}
