import ModelStore
import Testing

@Suite struct TrainingRecordTests {
    @Test func `what training recorded is read again`() throws {
        let file = try ModelFile(bytes: Fixture.bytes("maf-v1"))
        var metadata = file.metadata
        #expect(metadata.training?.stopReason == nil)
        metadata.training?.weightDecay = 0.3
        metadata.training?.learningRateSchedule = "plateau"
        metadata.training?.stopReason = "time_limit"
        metadata.training?.members = [0, 1].map { index in
            MemberRecord(
                seed: 1 + 1000 * index,
                weightDecay: 0.01,
                epochs: 2,
                bestEpoch: 2,
                trainingLosses: [3, 1.5],
                validationLosses: [2.5, 1.25 - Double(index)],
                stopReason: "epochs"
            )
        }
        let bytes = try ModelFile(metadata: metadata, posterior: file.posterior).encoded()
        #expect(try ModelFile(bytes: bytes).metadata == metadata)
    }
}
