/// An array of numbers in a .npy file, read row by row.
///
/// *Reference*: NEP 1, A Simple File Format for NumPy Arrays.
public struct NPYFile: Sendable {
    private let array: StoredArray

    /// The extent of each axis; the first counts the rows.
    public var shape: [Int] { array.shape }

    /// Opens a file.
    ///
    /// - Parameters:
    ///   - path: The file.
    ///   - scratchDirectory: Where an array in Fortran order is turned round.
    /// - Throws: `SimulationFileError` for what is no array of numbers.
    public init(path: String, scratchDirectory: String) throws(SimulationFileError) {
        let file = try InputFile(path: path)
        array = try StoredArray(npy: file, name: "of the file", directory: scratchDirectory)
    }

    /// Rows in order, `[rows, width]`.
    ///
    /// - Throws: `SimulationFileError` when the file cannot be read any more.
    public func rows(_ rows: Range<Int>) throws(SimulationFileError) -> [Float] {
        try array.read(rows)
    }
}
