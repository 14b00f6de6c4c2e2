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
        let bytes = try ModelFile(metadata: metadata, posterior: file.posterior).encoded()
        #expect(try ModelFile(bytes: bytes).metadata == metadata)
    }
}
