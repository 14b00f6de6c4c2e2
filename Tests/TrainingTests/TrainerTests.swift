import Estimators
import Simulators
import Testing
import Training

@Suite struct TrainerTests {
    @Test func `training reaches the optimal loss of a problem it can represent`() throws {
        var problem = try RegressionProblem(rows: 20_000, epochs: 40)
        problem.configuration.averageDecay = 0.99
        let outcome = try problem.fit()
        let optimum = try #require(LinearGaussianPosterior().optimalLoss)
        // 120 parameters over 18,000 rows: an excess of about 120 / 36,000; the rest is chance of
        // 2000 rows whose losses have a standard deviation of √5.
        #expect(abs(outcome.history.best.validationLoss - optimum) < 4 * (5.0 / 2000).squareRoot())
        #expect(outcome.history.trainingRows == 18_000)
        #expect(outcome.history.validationRows == 2000)
        #expect(outcome.history.steps == 180 * outcome.history.epochs)
    }

    @Test(arguments: [2, 3, 7])
    func `the weights do not depend on the number of workers`(workers: Int) throws {
        let problem = try RegressionProblem()
        let alone = try problem.fit(workers: 1)
        let together = try problem.fit(workers: workers)
        #expect(alone.parameters == together.parameters)
        #expect(alone.history.trainingLosses == together.history.trainingLosses)
        #expect(alone.history.validationLosses == together.history.validationLosses)
    }

    @Test func `another seed gives other weights`() throws {
        var problem = try RegressionProblem()
        let first = try problem.fit()
        problem.configuration.seed += 1
        #expect(try problem.fit().parameters != first.parameters)
    }

    @Test func `the best epoch's weights are returned, not the last one's`() throws {
        // Thirty-six rows for 120 parameters: the validation loss soon rises.
        var problem = try RegressionProblem(rows: 40, epochs: 600)
        problem.configuration.averageDecay = 0
        problem.configuration.patience = 600
        let outcome = try problem.fit()
        let losses = outcome.history.validationLosses
        let lowest = try #require(losses.min())
        #expect(outcome.history.stopReason == .epochs)
        #expect(outcome.history.best.epoch < 600)
        #expect(outcome.history.best.validationLoss == lowest)
        #expect(losses[outcome.history.best.epoch - 1] == lowest)
        let again = problem.estimator.losses(
            parameters: outcome.parameters,
            theta: problem.data.theta,
            x: problem.data.x,
            rows: problem.split.validation[...],
            workers: 1
        )
        #expect(again.reduce(0.0) { $0 + Double($1) } / Double(again.count) == lowest)
    }

    @Test func `training stops when patience runs out and keeps the best weights`() throws {
        // Thirty-six rows for 120 parameters: the validation loss soon rises.
        var problem = try RegressionProblem(rows: 40, epochs: 400)
        problem.configuration.patience = 5
        let outcome = try problem.fit()
        #expect(outcome.history.stopReason == .patience)
        #expect(outcome.history.epochs == outcome.history.best.epoch + 5)
        #expect(outcome.history.epochs < 400)
        #expect(outcome.history.validationLosses.min() == outcome.history.best.validationLoss)
    }

    @Test(arguments: [0, 1, 7, 18, 40])
    func `cancelling keeps the best weights so far`(steps: Int) throws {
        let problem = try RegressionProblem()
        let full = try problem.fit()
        var asked = 0
        let outcome = try problem.fit(isCancelled: {
            asked += 1
            return asked > steps
        })
        #expect(outcome.history.stopReason == .cancelled)
        #expect(outcome.history.steps == steps)
        // Eighteen steps are an epoch.
        let epochs = steps / 18
        #expect(outcome.history.epochs == epochs)
        #expect(outcome.history.validationLosses[...] == full.history.validationLosses[..<epochs])
        // Within the epochs that were done this problem gets better with every step.
        #expect(outcome.history.best.epoch == steps / 18 + (steps % 18 == 0 && steps > 0 ? 0 : 1))
        #expect(outcome.parameters != full.parameters)
    }

    @Test func `a row without a finite loss stops training by name`() throws {
        var problem = try RegressionProblem()
        let row = problem.split.training[17]
        problem.estimator.brokenRow = row
        let error = try #require(throws: TrainingError.self) { try problem.fit() }
        guard case .nonFinite(let epoch, let step, let cause) = error else {
            Issue.record("\(error)")
            return
        }
        #expect(epoch == 1)
        #expect((1...18).contains(step))
        #expect(cause == .trainingLoss(row: row))
        #expect("\(error)".contains("step \(step)"))
        #expect("\(error)".contains("simulation \(row)"))
    }

    @Test func `a held-out row without a finite loss stops training by name`() throws {
        var problem = try RegressionProblem()
        let row = problem.split.validation[3]
        problem.estimator.brokenRow = row
        #expect(
            throws: TrainingError.nonFinite(
                epoch: 1,
                step: 18,
                cause: .validationLoss(row: row)
            )
        ) { try problem.fit() }
    }

    @Test func `a slope that is not finite stops training by name`() throws {
        var problem = try RegressionProblem()
        problem.estimator.brokenSlope = 5
        #expect(
            throws: TrainingError.nonFinite(epoch: 1, step: 1, cause: .gradient(parameter: 5))
        ) { try problem.fit() }
    }

    @Test func `clipping bounds the first step's gradient, not its direction`() throws {
        // Adam divides by the gradient's scale, so the limit shows in the moments of later steps
        // alone: a limit no gradient reaches changes nothing, a low one does.
        var problem = try RegressionProblem()
        problem.configuration.gradientNormLimit = 1e9
        let free = try problem.fit()
        problem.configuration.gradientNormLimit = .infinity
        #expect(try problem.fit().parameters == free.parameters)
        problem.configuration.gradientNormLimit = 0.5
        #expect(try problem.fit().parameters != free.parameters)
    }

    @Test func `progress ends every epoch and counts to one`() throws {
        let problem = try RegressionProblem()
        var reports: [TrainingProgress] = []
        let outcome = try problem.fit(progress: { reports.append($0) })
        let ends = reports.filter(\.isEpochEnd)
        #expect(ends.map(\.epoch) == Array(1...6))
        #expect(ends.map(\.trainingLoss) == outcome.history.trainingLosses)
        #expect(ends.compactMap(\.validationLoss) == outcome.history.validationLosses)
        #expect(ends.last?.fraction == 1)
        #expect(ends.last?.best == outcome.history.best)
        #expect(zip(reports, reports.dropFirst()).allSatisfy { $0.fraction <= $1.fraction })
    }

    @Test func `progress tells the batch size and the learning rate of an epoch's end`() throws {
        var problem = try RegressionProblem()
        problem.configuration.finalBatchSize = 800
        problem.configuration.warmUpSteps = 0
        problem.configuration.learningRateDecay = .constant
        var ends: [TrainingProgress] = []
        _ = try problem.fit(progress: { if $0.isEpochEnd { ends.append($0) } })
        #expect(ends.map(\.batchSize) == [100, 152, 230, 348, 528, 800])
        #expect(ends.map(\.stepsPerEpoch) == [18, 11, 7, 5, 3, 2])
        #expect(ends.allSatisfy { $0.learningRate == 0.02 })
    }

    @Test func `fewer rows than a batch are one batch`() throws {
        var problem = try RegressionProblem(rows: 50, epochs: 3)
        problem.configuration.batchSize = 1000
        let outcome = try problem.fit()
        #expect(outcome.history.steps == 3)
    }

    @Test func `settings out of range are refused by name`() throws {
        let changes: [(String, (inout TrainingConfiguration) -> Void)] = [
            ("batch size", { $0.batchSize = 0 }),
            ("learning rate", { $0.learningRate = -1 }),
            ("learning rate", { $0.learningRate = .nan }),
            ("final batch size", { $0.finalBatchSize = 0 }),
            ("weight decay", { $0.weightDecay = -0.1 }),
            ("weight decay", { $0.weightDecay = 500 }),
            ("plateau factor", { $0.learningRateDecay = .plateau(factor: 1, patience: 5) }),
            ("plateau patience", { $0.learningRateDecay = .plateau(factor: 0.5, patience: 0) }),
            ("epochs", { $0.epochs = 1_000_001 }),
            ("warm-up steps", { $0.warmUpSteps = -1 }),
            ("epochs", { $0.epochs = 0 }),
            ("patience", { $0.patience = 0 }),
            ("gradient norm limit", { $0.gradientNormLimit = 0 }),
            ("average decay", { $0.averageDecay = 1 }),
            ("validation fraction", { $0.validationFraction = 1 }),
        ]
        for (name, change) in changes {
            var configuration = TrainingConfiguration()
            change(&configuration)
            let error = try #require(throws: TrainingError.self) {
                _ = try Trainer(configuration: configuration, workers: 1)
            }
            #expect("\(error)".hasPrefix(name))
        }
        #expect(throws: TrainingError.self) {
            _ = try Trainer(configuration: TrainingConfiguration(), workers: 0)
        }
    }
}
