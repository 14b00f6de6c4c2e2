import ArgumentParser

/// The flags that train a family of posteriors.
struct SweepOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            """
            Trains one model for each of these strengths of the defense, into consecutive \
            versions from that of --output, and draws accuracy against robustness; 0 is a model \
            without a defense.
            """,
            valueName: "b,b,…"
        )
    )
    var betaSweep = Numbers([])

    @Option(
        help: ArgumentHelp(
            """
            --beta-sweep: the sizes of perturbation to attack the models with, in units of the \
            data scale.
            """,
            valueName: "e,e,…"
        )
    )
    var sweepEpsilon = Numbers([0.5])

    @Option(
        help: ArgumentHelp("--beta-sweep: test observations to attack.", valueName: "n")
    )
    var sweepObservations = 200

    /// Checks the flags against those of the defense.
    func validate(with fit: FitOptions, task: String?) throws {
        let options = fit.defenseOptions
        guard !betaSweep.isEmpty else {
            // The strength may be missing only where a list takes its place.
            _ = try options.settings()
            return
        }
        guard [.fim, .fimEigenvalue, .trades].contains(options.defense), options.beta == nil else {
            throw ValidationError(
                """
                --beta-sweep: expected --defense fim, fim-eigenvalue or trades, and no --beta
                """
            )
        }
        guard task != nil else {
            throw ValidationError("--beta-sweep: expected --task, to test on its simulations")
        }
        for (flag, numbers) in [("--beta-sweep", betaSweep), ("--sweep-epsilon", sweepEpsilon)] {
            guard let wrong = numbers.first(where: { !($0 >= 0) || !$0.isFinite }) else { continue }
            throw ValidationError("\(flag) \(wrong): expected numbers from 0 up")
        }
        guard !sweepEpsilon.contains(0), (1...7).contains(sweepEpsilon.count) else {
            throw ValidationError("--sweep-epsilon: expected 1 to 7 numbers above 0")
        }
        guard Set(betaSweep.values).count == betaSweep.count else {
            throw ValidationError("--beta-sweep: a strength stands there twice")
        }
        try require(
            (2...10_000).contains(sweepObservations),
            "--sweep-observations",
            sweepObservations,
            expected: "2 to 10000"
        )
    }
}

/// Numbers with commas between them.
struct Numbers: ExpressibleByArgument, RandomAccessCollection {
    /// The numbers.
    let values: [Double]

    var startIndex: Int { values.startIndex }
    var endIndex: Int { values.endIndex }
    subscript(place: Int) -> Double { values[place] }

    init(_ values: [Double]) { self.values = values }

    init?(argument: String) {
        let parts = argument.split(separator: ",", omittingEmptySubsequences: false)
        values = parts.compactMap { Double($0) }
        guard values.count == parts.count else { return nil }
    }

    var defaultValueDescription: String { values.map { "\($0)" }.joined(separator: ",") }
}
