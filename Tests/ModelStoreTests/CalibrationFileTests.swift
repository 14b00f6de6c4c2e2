import Estimators
import ModelStore
import Robustness
import Testing

/// Model files with what is usual among their observations.
@Suite struct CalibrationFileTests {
    private func calibrated() throws -> ModelFile {
        let file = try ModelFile(bytes: Fixture.bytes("maf-v1"))
        let calibration = ObservationCalibration(
            distance: ObservationDistance(
                center: [0.25, -0.5, 0],
                directions: [1, 0, 0, 0, 0.6, 0.8],
                variances: [2, 0.5],
                residualVariance: 0.125
            ),
            distances: [0.25, 0.5, 8],
            fisherTraces: [1, 2],
            fisherDraws: 256
        )
        return ModelFile(
            metadata: file.metadata,
            posterior: file.posterior,
            calibration: calibration
        )
    }

    @Test func `a calibration keeps through a file`() throws {
        let file = try calibrated()
        let bytes = try file.encoded()
        let copy = try ModelFile(bytes: bytes)
        #expect(copy.calibration == file.calibration)
        #expect(copy.posterior.tensors == file.posterior.tensors)
        #expect(try copy.encoded() == bytes)
        let text = String(decoding: copy.metadataJSON(), as: UTF8.self)
        #expect(
            text.contains(#""observation_calibration":{"observations":3,"fisher_samples":256}"#)
        )
    }

    @Test(arguments: ["maf-v1", "mdn-v1", "imported-v2", "trained-v2"])
    func `files without one are read, and have none`(name: String) throws {
        #expect(try ModelFile(bytes: Fixture.bytes(name)).calibration == nil)
    }

    @Test(arguments: [
        (#"\"observations\":3,"#, #"\"observations\":4,"#, "observation_calibration.observations"),
        (
            #"\"observations\":3,"#, #"\"observations\":\"a\","#,
            "observation_calibration.observations"
        ),
        (
            #"\"fisher_samples\":256"#, #"\"fisher_samples\":0"#,
            "observation_calibration.fisher_samples"
        ),
        ("calibration.distances", "calibration.distance_", "calibration.distances"),
        (
            #"\"observation_calibration\":"#, #"\"observation_calibratios\":"#,
            "calibration.distances"
        ),
        (#""calibration.x_center":{"dtype":"F32","shape":[3]"#, "", "calibration.x_center"),
    ])
    func `one that does not fit is refused by name`(old: String, new: String, name: String) throws {
        var archive = Archive(try calibrated().encoded())
        let replacement =
            new.isEmpty ? old.replacing("[3]", with: "[3,1]") : new
        archive = archive.replacing(old, with: replacement)
        let error = try #require(throws: ModelFileError.self) {
            try ModelFile(bytes: archive.bytes)
        }
        #expect("\(error)".contains(name), "\(error)")
    }
}
