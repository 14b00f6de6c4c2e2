import Estimators
import Kernels
import Robustness
import Testing

@Suite struct AttackTests {
    private static let methods = Attack.Method.allCases
    private static let objectives: [AttackObjective] = [
        .klCleanAttacked, .klAttackedClean, .mmd, .nll(theta: [0.1, 0.2, 0.3, -0.3, 0, 0.2]),
        .target(observations: [0.5, -0.5, 1, 0, 0, 0, 0, 0]),
    ]

    private func attack(
        _ method: Attack.Method,
        _ objective: AttackObjective = .klCleanAttacked,
        _ norm: NormBall = .l2
    ) -> Attack {
        var attack = Attack()
        attack.method = method
        attack.objective = objective
        attack.norm = norm
        attack.steps = 20
        attack.evaluationDraws = 64
        return attack
    }

    @Test(arguments: methods, NormBall.allCases)
    func `attacks stay in their ball`(_ method: Attack.Method, _ norm: NormBall) throws {
        let attacker = Attacker(try ToyPosterior.family("maf"))
        let x = ToyPosterior.observations(2, xDim: 4)
        for restarts in [1, 3] {
            var attack = attack(method, .klCleanAttacked, norm)
            attack.restarts = restarts
            let outcomes = try attacker.outcomes(of: attack, on: x, radii: [0.5, 0])
            // x + δ is rounded once more.
            #expect(outcomes[0].perturbationNorm <= 0.5 + 1e-6)
            #expect(outcomes[0].perturbationNorm > 0)
            #expect(outcomes[1].observation == Array(x[4...]))
            #expect(outcomes[1].perturbationNorm == 0)
            #expect(outcomes[1].klCleanAttacked.mean.magnitude < 1e-5)
        }
    }

    @Test(arguments: methods)
    func `attacks stay in their box, which holds the observation`(_ method: Attack.Method) throws {
        let attacker = Attacker(try ToyPosterior.family("maf"))
        let x: [Float] = [0.2, -3, 0, 0.9]
        var attack = attack(method)
        attack.clip = -1...1
        let found = try attacker.outcomes(of: attack, on: x, radii: [2])[0].observation
        for place in [0, 2, 3] { #expect(abs(found[place]) <= 1) }
        #expect(found[1] >= -3 && found[1] <= 1)
    }

    @Test(
        arguments: PosteriorSensitivityTests.names,
        [AttackObjective.klCleanAttacked, .klAttackedClean]
    )
    func `gradient ascent beats noise`(_ name: String, _ objective: AttackObjective) throws {
        let attacker = Attacker(try ToyPosterior.family(name))
        let x = ToyPosterior.observations(8, xDim: 4)
        let radii = [Double](repeating: 0.5, count: 8)
        func total(_ method: Attack.Method) throws -> Double {
            try attacker.outcomes(of: attack(method, objective), on: x, radii: radii)
                .reduce(0) { $0 + $1.objective.mean }
        }
        let noise = try total(.noise)
        #expect(try total(.pgd) > 1.5 * noise)
        #expect(try total(.adaptive) > 1.5 * noise)
    }

    @Test(arguments: ["maf", "mdn"])
    func `gradient ascent takes samples apart, with a path and without`(_ name: String) throws {
        let attacker = Attacker(try ToyPosterior.family(name))
        let x = ToyPosterior.observations(8, xDim: 4)
        let radii = [Double](repeating: 0.5, count: 8)
        func total(_ method: Attack.Method) throws -> Double {
            var attack = attack(method, .mmd)
            attack.steps = 40
            attack.draws = 100
            attack.evaluationDraws = 1000
            return try attacker.outcomes(of: attack, on: x, radii: radii)
                .reduce(0) { $0 + $1.objective.mean }
        }
        #expect(try total(.pgd) > 1.5 * total(.noise))
    }

    @Test(arguments: objectives)
    func `no objective falls below the clean one`(_ objective: AttackObjective) throws {
        let posterior = try ToyPosterior.family("mdn")
        let attacker = Attacker(posterior)
        let x = ToyPosterior.observations(2, xDim: 4)
        let radii = [0.7, 0.7]
        let attacked = try attacker.outcomes(of: attack(.pgd, objective), on: x, radii: radii)
        let clean = try attacker.outcomes(of: attack(.pgd, objective), on: x, radii: [0, 0])
        for (attacked, clean) in zip(attacked, clean) {
            let error = attacked.objective.standardError + clean.objective.standardError
            #expect(attacked.objective.mean >= clean.objective.mean - 4 * error)
        }
        // Something was found.
        let gains = zip(attacked, clean).map { $0.objective.mean - $1.objective.mean }
        #expect(gains.reduce(0, +) > 0)
    }

    /// The divergence of the linear Gaussian posterior is ½ δᵀ I δ exactly, and cannot exceed
    /// ½ λmax r².
    @Test(arguments: [Attack.Method.pgd, .adaptive, .eigenvector])
    func `the best perturbation of the linear Gaussian posterior is found`(
        _ method: Attack.Method
    ) throws {
        let attacker = Attacker(try ToyPosterior.linearNormal())
        let x = ToyPosterior.observations(3, xDim: 10)
        var attack = attack(method)
        attack.steps = 200
        for radius in [0.1, 1] {
            let worst = 0.5 * 99.735 * radius * radius
            let radii = [Double](repeating: radius, count: 3)
            for outcome in try attacker.outcomes(of: attack, on: x, radii: radii) {
                #expect(outcome.klCleanAttacked.mean <= worst * 1.0001)
                #expect(outcome.klCleanAttacked.mean >= worst * 0.97)
                #expect(
                    abs(outcome.klAttackedClean.mean / outcome.klCleanAttacked.mean - 1) < 1e-4
                )
            }
        }
    }

    @Test(arguments: methods)
    func `an observation decides its result alone`(_ method: Attack.Method) throws {
        let attacker = Attacker(try ToyPosterior.family("nsf"))
        let x = ToyPosterior.observations(3, xDim: 4)
        var attack = attack(method)
        attack.restarts = 2
        let batch = try attacker.outcomes(of: attack, on: x, radii: [0.1, 0.5, 1])
        attack.workers = 2
        let alone = try attacker.outcomes(of: attack, on: Array(x[4..<8]), radii: [0.5])
        #expect(alone[0] == batch[1])
    }

    @Test func `a cancelled attack stops before its next step`() throws {
        let attacker = Attacker(try ToyPosterior.family("maf"))
        var asked = 0
        #expect(throws: AttackError.cancelled) {
            try attacker.outcomes(
                of: attack(.pgd),
                on: ToyPosterior.observations(1, xDim: 4),
                radii: [1]
            ) {
                asked += 1
                return asked == 5
            }
        }
        #expect(asked == 5)
    }

    @Test func `parameters outside the support are refused by their observation`() throws {
        let posterior = try ToyPosterior.linearNormal(gains: [1])
        let theta: [Float] = [0.5, .nan]
        #expect(throws: AttackError.outsideSupport(observation: 1)) {
            try Attacker(posterior).outcomes(
                of: attack(.pgd, .nll(theta: theta)),
                on: [0, 0],
                radii: [1, 1]
            )
        }
    }
}
