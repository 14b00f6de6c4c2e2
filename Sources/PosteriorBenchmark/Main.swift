import ArgumentParser
import Estimators
import Glibc

/// Measures the engine: samples, log densities, training steps, the matrix kernel, the encoder.
@main
struct PosteriorBenchmark: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "posterior-benchmark",
        abstract: "Time the engine on fixed work and report medians and spread.",
        discussion: """
            The work is the same that the scripts in Tests/Peers time with other software: a
            masked autoregressive flow of 5 transforms with 50 hidden units and 2 blocks, spline
            flows of the same size with 10 bins, autoregressive and of couplings, mixtures of 10
            components (a density network and made), single normals, and an ensemble of three of
            the first, all with 10 parameters and observations of 10 numbers.
            """
    )

    @Flag(help: "Print one JSON document instead of a table.")
    var json = false

    @Option(help: "Run only what has this text in its name.")
    var only: String?

    @Option(help: "Threads to use; by default one a processor.")
    var threads: Int?

    @Option(help: "Seconds to spend on each measurement.")
    var seconds = 1.0

    func validate() throws {
        if let threads, threads < 1 {
            throw ValidationError("--threads is \(threads), expected 1 or more")
        }
        guard seconds > 0, seconds <= 600 else {
            throw ValidationError("--seconds is \(seconds), expected more than 0, at most 600")
        }
    }

    func run() throws {
        if let feature = ProcessorRequirement.missingFeature() {
            throw ValidationError("this processor lacks \(feature), which the kernels need")
        }
        let workers = threads ?? max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN)))
        let stopwatch = Stopwatch(seconds: seconds)
        var measurements: [Measurement] = []
        let cases =
            try EstimatorCases.all(workers: workers)
            + [KernelCases.all, EncodingCases.all]
            .flatMap(\.self)
        for work in cases where only.map({ work.name.contains($0) }) ?? true {
            let measurement = stopwatch.measure(work)
            measurements.append(measurement)
            if !json { print(measurement.line) }
        }
        if json { print(Report(measurements: measurements, workers: workers).text) }
    }
}
