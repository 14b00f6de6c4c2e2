import SimulationFiles

/// The reference posterior of one observation, read from a .npy file of rows of theta.
struct ReferenceSamples {
    /// The samples, `[N, D]`, row-major.
    let theta: [Float]

    /// Reads `DIRECTORY/TASK/NUMBER.npy`.
    ///
    /// - Parameters:
    ///   - directory: The folder of all references.
    ///   - task: The name of the task.
    ///   - number: The number of the observation, from 1.
    ///   - thetaDim: D.
    ///   - limit: The most rows to read.
    /// - Throws: `CommandFailure` naming the file and what is wrong with it.
    init(directory: String, task: String, number: Int, thetaDim: Int, limit: Int) throws {
        let path = "\(directory)/\(task)/\(number).npy"
        do {
            let file = try NPYFile(path: path, scratchDirectory: directory)
            guard file.shape.count == 2, file.shape[1] == thetaDim, file.shape[0] >= 2 else {
                throw CommandFailure(
                    "\(path): its shape is \(file.shape), expected rows of \(thetaDim)"
                )
            }
            theta = try file.rows(0..<min(file.shape[0], limit))
        } catch let error as SimulationFileError {
            throw CommandFailure(
                "\(error); Tests/Reference/sbibm_references.py writes the references"
            )
        }
        guard let place = theta.firstIndex(where: { !$0.isFinite }) else { return }
        throw CommandFailure("\(path): row \(place / thetaDim) has a number that is not finite")
    }
}
