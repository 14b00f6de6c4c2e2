public import ArgumentParser
public import Estimators
public import Training

/// The defenses by name.
enum DefenseName: String, CaseIterable, ExpressibleByArgument {
    /// The loss as it is.
    case none
    /// The trace of the Fisher information.
    case fim
    /// Its largest eigenvalue.
    case fimEigenvalue = "fim-eigenvalue"
    /// The divergence to an attacked posterior.
    case trades
    /// The loss at an attacked x.
    case adversarial
    /// The loss at an x with noise.
    case noise
}

extension ScaledAmount.Unit: ExpressibleByArgument {}
extension DivergenceDirection: ExpressibleByArgument {}

/// The flags that say what is done against small perturbations of x.
struct DefenseOptions: ParsableArguments {
    @Option(
        help: """
            fim: adds beta times the trace of the Fisher information of the posterior as a \
            function of x to the loss. fim-eigenvalue: its largest eigenvalue. trades: adds beta \
            times the divergence between the posteriors of x and of an attacked x. adversarial: \
            trains at attacked x. noise: trains at x with noise.
            """
    )
    var defense = DefenseName.none

    @Option(
        help: ArgumentHelp(
            """
            fim, fim-eigenvalue: the strength, in units of x squared. trades: the weight of the \
            divergence; default: 10.
            """,
            valueName: "b"
        )
    )
    var beta: Double?

    @Option(
        help: """
            What --beta of fim and fim-eigenvalue is counted in: the user's unit of x, or the \
            data scale, squared; default: absolute.
            """
    )
    var betaUnit: ScaledAmount.Unit?

    @Option(
        help: ArgumentHelp(
            """
            trades, adversarial, noise: the largest perturbation of x (L2); default: 0.5, of \
            noise 1.
            """,
            valueName: "e"
        )
    )
    var epsilon: Double?

    @Option(
        help: "What --epsilon is counted in: the user's unit of x, or the data scale; the default."
    )
    var epsilonUnit: ScaledAmount.Unit?

    @Option(
        help: ArgumentHelp(
            "fim, fim-eigenvalue: draws of one row in one step; default: 1. Published: 5.",
            valueName: "n"
        )
    )
    var fimDraws: Int?

    @Option(
        help: ArgumentHelp(
            """
            fim, fim-eigenvalue: the part of a batch that is regularised; default: 0.5. \
            Published: 1.
            """,
            valueName: "part"
        )
    )
    var fimShare: Double?

    @Option(
        help: ArgumentHelp(
            """
            fim, fim-eigenvalue: the weight of the newest gradient in their running average; 1 \
            turns it off; default: 0.85.
            """,
            valueName: "rate"
        )
    )
    var fimAverage: Double?

    @Option(
        help: ArgumentHelp(
            "trades, adversarial: gradient steps of an attack; default: 5. Published: 20.",
            valueName: "n"
        )
    )
    var attackSteps: Int?

    @Option(
        help: ArgumentHelp(
            """
            trades, adversarial: the size of a step in units of the radius; default: 2.5 divided \
            by the number of steps.
            """,
            valueName: "size"
        )
    )
    var attackStepSize: Double?

    @Option(
        help: """
            trades: which divergence between clean and attacked posterior is attacked and held \
            down; default: kl_clean_attacked.
            """
    )
    var tradesObjective: DivergenceDirection?

    /// The flags that were given, with the defenses that have them.
    private var given: [(flag: String, owners: [DefenseName])] {
        let fisher: [DefenseName] = [.fim, .fimEigenvalue]
        let attacks: [DefenseName] = [.trades, .adversarial]
        let flags: [(flag: String, isGiven: Bool, owners: [DefenseName])] = [
            ("--beta", beta != nil, fisher + [.trades]),
            ("--beta-unit", betaUnit != nil, fisher),
            ("--epsilon", epsilon != nil, attacks + [.noise]),
            ("--epsilon-unit", epsilonUnit != nil, attacks + [.noise]),
            ("--fim-draws", fimDraws != nil, fisher),
            ("--fim-share", fimShare != nil, fisher),
            ("--fim-average", fimAverage != nil, fisher),
            ("--attack-steps", attackSteps != nil, attacks),
            ("--attack-step-size", attackStepSize != nil, attacks),
            ("--trades-objective", tradesObjective != nil, [.trades]),
        ]
        return flags.filter(\.isGiven).map { ($0.flag, $0.owners) }
    }

    func validate() throws {
        if let (flag, owners) = given.first(where: { !$0.owners.contains(defense) }) {
            let names = owners.map(\.rawValue).joined(separator: ", ")
            throw ValidationError("\(flag): expected --defense \(names), not \(defense.rawValue)")
        }
        // Without a strength there may be a list of them; who asks for one is told.
        guard beta != nil || ![.fim, .fimEigenvalue].contains(defense) else { return }
        let settings = try settings()
        do throws(TrainingError) {
            try settings.validate()
        } catch .invalidSetting(let name, let expected, let found) {
            throw ValidationError(
                "--defense \(defense.rawValue): \(name) \(found), expected \(expected)"
            )
        } catch {
            throw ValidationError("--defense \(defense.rawValue): \(error)")
        }
    }

    /// The defense the flags describe.
    ///
    /// - Parameter strength: β, instead of the flag's.
    /// - Returns: The defense.
    /// - Throws: `ValidationError` where a strength is missing.
    func settings(beta strength: Double? = nil) throws -> Defense {
        let size = ScaledAmount(epsilon ?? (defense == .noise ? 1 : 0.5), epsilonUnit ?? .dataScale)
        var search = BallSearch(epsilon: size)
        search.steps = attackSteps ?? search.steps
        search.stepSize = attackStepSize
        switch defense {
        case .none: return .none
        case .fim: return .fisherTrace(try fisher(strength))
        case .fimEigenvalue:
            var settings = FisherEigenvalueRegularization(beta: ScaledAmount(1, .absolute))
            settings.penalty = try fisher(strength)
            return .fisherEigenvalue(settings)
        case .trades:
            var trades = TRADES(epsilon: size)
            trades.beta = strength ?? beta ?? trades.beta
            trades.search = search
            trades.direction = tradesObjective ?? trades.direction
            return .trades(trades)
        case .adversarial:
            var training = AdversarialTraining(epsilon: size)
            training.search = search
            return .adversarialTraining(training)
        case .noise: return .noiseAugmentation(NoiseAugmentation(epsilon: size))
        }
    }

    private func fisher(_ strength: Double?) throws -> FisherTraceRegularization {
        guard let beta = strength ?? beta else {
            throw ValidationError(
                """
                --defense \(defense.rawValue) needs --beta: with --beta-unit data_scale, 0.001 \
                is mild and 1 strong
                """
            )
        }
        var settings = FisherTraceRegularization(beta: ScaledAmount(beta, betaUnit ?? .absolute))
        settings.draws = fimDraws ?? settings.draws
        settings.share = fimShare ?? settings.share
        settings.averageRate = fimAverage ?? settings.averageRate
        return settings
    }
}
