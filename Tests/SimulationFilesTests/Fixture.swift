import Foundation
import SimulationFiles

/// The files NumPy wrote, and a folder to write others into.
final class Fixture {
    /// A folder that is removed afterwards.
    let folder: String

    init() throws {
        folder = NSTemporaryDirectory() + "simulation-files-\(UUID().uuidString)"
        try FileManager.default.createDirectory(
            atPath: folder,
            withIntermediateDirectories: true
        )
    }

    deinit { try? FileManager.default.removeItem(atPath: folder) }

    /// The path of a file of NumPy's.
    static func path(_ name: String) -> String {
        URL(filePath: #filePath).deletingLastPathComponent()
            .appending(path: "Fixtures/\(name)").path()
    }

    static func bytes(_ name: String) throws -> [UInt8] {
        Array(try Data(contentsOf: URL(filePath: path(name))))
    }

    /// Writes a file into the folder; its path.
    func write(_ bytes: [UInt8], _ name: String) throws -> String {
        let path = "\(folder)/\(name)"
        try Data(bytes).write(to: URL(filePath: path))
        return path
    }

    func write(_ text: String, _ name: String) throws -> String {
        try write(Array(text.utf8), name)
    }

    func table(
        _ paths: [String],
        thetaNames: [String]? = nil,
        xNames: [String]? = nil
    ) throws(SimulationFileError) -> SimulationTable {
        try SimulationTable(
            paths: paths,
            thetaNames: thetaNames,
            xNames: xNames,
            scratchDirectory: folder
        )
    }
}
