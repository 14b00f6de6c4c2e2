import Testing
import Training

@Suite struct LearningRateScheduleTests {
    @Test func `the rate rises in a line and falls along a cosine to zero`() {
        let schedule = LearningRateSchedule(peak: 2, warmUpSteps: 4, totalSteps: 104)
        #expect((0..<4).map { schedule.rate(atStep: $0) } == [0.5, 1, 1.5, 2])
        #expect(schedule.rate(atStep: 4) == 2)
        #expect(abs(schedule.rate(atStep: 54) - 1) < 1e-12)
        #expect(abs(schedule.rate(atStep: 29) - (1 + 0.5.squareRoot())) < 1e-12)
        #expect(abs(schedule.rate(atStep: 104)) < 1e-12)
        #expect(abs(schedule.rate(atStep: 200)) < 1e-12)
    }

    @Test func `a short run warms up for a tenth of its steps`() {
        let schedule = LearningRateSchedule(peak: 1, warmUpSteps: 500, totalSteps: 20)
        #expect(schedule.rate(atStep: 0) == 0.5)
        #expect(schedule.rate(atStep: 1) == 1)
        #expect(LearningRateSchedule(peak: 1, warmUpSteps: 5, totalSteps: 1).rate(atStep: 0) == 1)
    }

    @Test func `a constant rate only warms up`() {
        let schedule = LearningRateSchedule(
            peak: 3,
            warmUpSteps: 2,
            totalSteps: 100,
            decay: .constant
        )
        #expect([0, 1, 2, 50, 99].map { schedule.rate(atStep: $0) } == [1.5, 3, 3, 3, 3])
        #expect(schedule.plateaus(in: [1, 1, 1, 1, 1]) == 0)
    }

    // Written by Tests/Reference/training.py: torch's ReduceLROnPlateau after each of the losses.
    static let losses = [
        3, 2, 2.5, 2.25, 2.125, 2, 1.9, 2, 2, 1.8, 1.8, 1.8, 1.8, 1.8, 1.8, 1.8, -1, -2, -1.5,
    ]
    static let plateaus = [
        (1, [0, 0, 1, 2, 3, 4, 4, 5, 6, 6, 7, 8, 9, 10, 11, 12, 12, 12, 13]),
        (3, [0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1, 2, 2, 2, 3, 3, 3, 3]),
    ]

    @Test(arguments: plateaus)
    func `plateaus are those of torch, and each lowers the rate by the factor`(
        patience: Int,
        counts: [Int]
    ) {
        let schedule = LearningRateSchedule(
            peak: 8,
            warmUpSteps: 0,
            totalSteps: 100,
            decay: .plateau(factor: 0.5, patience: patience)
        )
        #expect(schedule.plateaus(in: []) == 0)
        for (epoch, count) in counts.enumerated() {
            #expect(schedule.plateaus(in: Array(Self.losses[...epoch])) == count)
        }
        #expect(schedule.rate(atStep: 30, plateau: 0) == 8)
        #expect(schedule.rate(atStep: 30, plateau: 3) == 1)
    }

    @Test func `warm-up knows no plateaus`() {
        let schedule = LearningRateSchedule(
            peak: 1,
            warmUpSteps: 10,
            totalSteps: 100,
            decay: .plateau(factor: 0.5, patience: 1)
        )
        #expect(schedule.rate(atStep: 4, plateau: 2) == 0.5)
        #expect(schedule.rate(atStep: 10, plateau: 2) == 0.25)
    }
}

@Suite struct BatchSizeScheduleTests {
    @Test func `a constant size takes whole batches and leaves the rest`() {
        let schedule = BatchSizeSchedule(first: 100, last: 100, epochs: 3, rows: 250)
        #expect((1...3).map { schedule.batchSize(inEpoch: $0) } == [100, 100, 100])
        #expect((1...3).map { schedule.steps(inEpoch: $0) } == [2, 2, 2])
        #expect((1...3).map { schedule.steps(beforeEpoch: $0) } == [0, 2, 4])
        #expect(schedule.totalSteps == 6)
    }

    @Test(arguments: [
        (16, 256, 5, [16, 32, 64, 128, 256]), (256, 16, 3, [256, 64, 16]), (10, 1000, 1, [10]),
        (10, 20, 3, [10, 14, 20]),
    ])
    func `a growing size is a geometric sequence`(
        first: Int,
        last: Int,
        epochs: Int,
        sizes: [Int]
    ) {
        let schedule = BatchSizeSchedule(first: first, last: last, epochs: epochs, rows: 1000)
        #expect((1...epochs).map { schedule.batchSize(inEpoch: $0) } == sizes)
        let steps = sizes.map { 1000 / $0 }
        #expect((1...epochs).map { schedule.steps(inEpoch: $0) } == steps)
        #expect(schedule.totalSteps == steps.reduce(0, +))
        #expect(schedule.steps(beforeEpoch: epochs) == steps.dropLast().reduce(0, +))
    }

    @Test func `no batch is larger than the data`() {
        let schedule = BatchSizeSchedule(first: 8, last: .max, epochs: 4, rows: 30)
        #expect((1...4).map { schedule.batchSize(inEpoch: $0) } == [8, 30, 30, 30])
        #expect(schedule.totalSteps == 3 + 1 + 1 + 1)
    }
}

@Suite struct TrainingDefaultsTests {
    @Test(arguments: [
        (100, 1000, 100, 128), (1000, 1000, 100, 128), (10_000, 540, 54, 256),
        (100_000, 170, 20, 256), (1_000_000, 54, 20, 512), (100_000_000, 20, 20, 512),
    ])
    func `large sets get fewer epochs and larger batches`(
        count: Int,
        epochs: Int,
        patience: Int,
        batchSize: Int
    ) {
        #expect(TrainingDefaults.epochs(simulations: count) == epochs)
        #expect(TrainingDefaults.patience(epochs: epochs) == patience)
        #expect(TrainingDefaults.batchSize(simulations: count) == batchSize)
    }

    @Test(arguments: [
        (100, [0.01, 1]), (1000, [0.01, 0.95]), (10_000, [0.01, 0.3]), (100_000, [0.01, 0.09]),
        (1_000_000, [0.01]),
    ])
    func `small sets try a stronger weight decay`(count: Int, decays: [Double]) {
        #expect(TrainingDefaults.weightDecays(simulations: count) == decays)
    }
}
