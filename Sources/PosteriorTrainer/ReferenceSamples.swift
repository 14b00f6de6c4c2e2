import Foundation

/// The reference posterior of one observation, read from a .npy file of float32 rows.
///
/// *Reference*: NEP 1, A Simple File Format for NumPy Arrays.
struct ReferenceSamples {
    /// The samples, `[N, D]`, row-major.
    let theta: [Float]

    /// Reads `DIRECTORY/TASK/NUMBER.npy`.
    ///
    /// - Throws: `CommandFailure` naming the file and what is wrong with it.
    init(directory: String, task: String, number: Int, thetaDim: Int) throws {
        let path = "\(directory)/\(task)/\(number).npy"
        guard let data = FileManager.default.contents(atPath: path) else {
            throw CommandFailure(
                """
                \(path): cannot be read; Tests/Reference/sbibm_references.py writes the references
                """
            )
        }
        let bytes = [UInt8](data)
        guard bytes.count >= 10, bytes.starts(with: [0x93] + Array("NUMPY".utf8)), bytes[6] == 1
        else { throw CommandFailure("\(path): no .npy file of version 1") }
        let start = 10 + Int(bytes[8]) + Int(bytes[9]) << 8
        let header = String(decoding: bytes[10..<min(start, bytes.count)], as: UTF8.self)
        guard header.contains("'<f4'"), header.contains("'fortran_order': False"),
            header.contains(", \(thetaDim))")
        else { throw CommandFailure("\(path): expected float32 rows of \(thetaDim): \(header)") }
        let count = (bytes.count - start) / 4
        guard count >= 2 * thetaDim, count % thetaDim == 0 else {
            throw CommandFailure("\(path): \(max(count, 0)) numbers in rows of \(thetaDim)")
        }
        theta = (0..<count).map { index in
            let place = start + 4 * index
            let pattern = (0..<4).reduce(UInt32(0)) { $0 | UInt32(bytes[place + $1]) << (8 * $1) }
            return Float(bitPattern: pattern)
        }
        guard theta.allSatisfy(\.isFinite) else {
            throw CommandFailure("\(path): a number is not finite")
        }
    }
}
