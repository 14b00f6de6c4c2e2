public import Estimators
public import StrictJSON

/// Why a model file cannot be read or written.
public enum ModelFileError: Error, Equatable, Sendable, CustomStringConvertible {
    /// The operating system refused; `operation` and `reason` are for a person to read.
    case system(operation: String, reason: String)
    /// The path leads to something else than a regular file.
    case notARegularFile
    /// The path leads out of the directory it belongs to.
    case outsideRepository
    /// The file is larger than the limit.
    case tooLarge(bytes: Int, limit: Int)
    /// The file was changed while it was read.
    case changedMeanwhile
    /// The file ends before the part that is named.
    case truncated(part: String, expectedBytes: Int, foundBytes: Int)
    /// The file is not a safetensors file, or breaks a rule of the format.
    case invalidLayout(String)
    /// A tensor breaks a rule; the text says which.
    case invalidTensor(name: String, reason: String)
    /// The header or the metadata is not JSON.
    case invalidJSON(part: String, JSONError)
    /// A field of the metadata is missing, unknown or holds the wrong thing.
    case invalidMetadata(JSONFieldError)
    /// The file was written by a later release.
    case unsupportedFormatVersion(found: Int, newest: Int)
    /// The parts of the file do not make an estimator.
    case invalidEstimator(EstimatorError)

    /// One sentence for a log or an error message.
    public var description: String {
        switch self {
        case .system(let operation, let reason): "cannot \(operation): \(reason)"
        case .notARegularFile: "not a regular file"
        case .outsideRepository: "a symbolic link leads out of the models directory"
        case .tooLarge(let bytes, let limit): "\(bytes) bytes, more than the limit of \(limit)"
        case .changedMeanwhile: "it was changed while it was read"
        case .truncated(let part, let expected, let found):
            "truncated: \(part) needs \(expected) bytes, the file has \(found)"
        case .invalidLayout(let reason): "not a valid safetensors file: \(reason)"
        case .invalidTensor(let name, let reason): "tensor \(name): \(reason)"
        case .invalidJSON(let part, let error): "the \(part) is not valid JSON: \(error)"
        case .invalidMetadata(let error): "the metadata is not valid: \(error)"
        case .unsupportedFormatVersion(let found, let newest):
            "format_version \(found) is newer than this release reads (\(newest))"
        case .invalidEstimator(let error): "the estimator is not valid: \(error)"
        }
    }
}
