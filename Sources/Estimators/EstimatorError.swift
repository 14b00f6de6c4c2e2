/// Why an estimator cannot be built from what a file or a user gave.
public enum EstimatorError: Error, Equatable, Sendable, CustomStringConvertible {
    /// The architecture, standardisation or prior is not usable; the text names the part.
    case invalidArchitecture(String)
    /// A tensor the architecture needs is not there.
    case missingTensor(name: String)
    /// A tensor is there that the architecture has no use for.
    case unexpectedTensor(name: String)
    /// A tensor has another shape than the architecture asks for.
    case wrongShape(name: String, expected: [Int], found: [Int])
    /// A weight is NaN or infinite.
    case nonFiniteWeight(tensor: String, index: Int)
    /// A weight that must be positive is not.
    case nonPositiveWeight(tensor: String, index: Int)

    /// The same of a part whose tensors have a prefix.
    func below(_ prefix: String) -> Self {
        switch self {
        case .invalidArchitecture(let reason):
            .invalidArchitecture(prefix.isEmpty ? reason : "\(prefix.dropLast()): \(reason)")
        case .missingTensor(let name): .missingTensor(name: prefix + name)
        case .unexpectedTensor(let name): .unexpectedTensor(name: prefix + name)
        case .wrongShape(let name, let expected, let found):
            .wrongShape(name: prefix + name, expected: expected, found: found)
        case .nonFiniteWeight(let tensor, let index):
            .nonFiniteWeight(tensor: prefix + tensor, index: index)
        case .nonPositiveWeight(let tensor, let index):
            .nonPositiveWeight(tensor: prefix + tensor, index: index)
        }
    }

    /// One sentence for a log or an error message.
    public var description: String {
        switch self {
        case .invalidArchitecture(let reason): reason
        case .missingTensor(let name): "tensor \(name) is missing"
        case .unexpectedTensor(let name): "tensor \(name) does not belong to the architecture"
        case .wrongShape(let name, let expected, let found):
            "tensor \(name) has shape \(found), expected \(expected)"
        case .nonFiniteWeight(let tensor, let index):
            "tensor \(tensor) is not finite at index \(index)"
        case .nonPositiveWeight(let tensor, let index):
            "tensor \(tensor) is not positive at index \(index)"
        }
    }
}
