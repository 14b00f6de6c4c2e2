/// What is wrong with a file of simulations.
public enum SimulationFileError: Error, Equatable, Sendable, CustomStringConvertible {
    /// A file cannot be opened, read or written.
    case file(path: String, reason: String)
    /// The archive around the arrays is damaged, or of a kind that is not read.
    case archive(path: String, reason: String)
    /// The archive lacks an array.
    case missingArray(path: String, name: String, found: [String])
    /// An array is damaged, or of a kind that is not read.
    case array(path: String, name: String, reason: String)
    /// A line of a CSV file, counted from 1, cannot be read.
    case line(path: String, line: Int, column: String?, reason: String)
    /// An array differs from the one it belongs with.
    case disagreement(path: String, name: String, expected: String, found: String)
    /// The list of files makes no sense.
    case list(reason: String)

    /// One sentence that names the file and the place.
    public var description: String {
        switch self {
        case .file(let path, let reason), .archive(let path, let reason):
            "\(path): \(reason)"
        case .missingArray(let path, let name, let found):
            """
            \(path): there is no array \(name); there are \
            \(found.isEmpty ? "none" : found.joined(separator: ", "))
            """
        case .array(let path, let name, let reason):
            "\(path): array \(name): \(reason)"
        case .line(let path, let line, let column, let reason):
            "\(path): line \(line)\(column.map { ", column \($0)" } ?? ""): \(reason)"
        case .disagreement(let path, let name, let expected, let found):
            "\(path): array \(name): expected \(expected), found \(found)"
        case .list(let reason):
            reason
        }
    }
}
