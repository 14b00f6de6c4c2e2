/// Why an attack gave no result.
public enum AttackError: Error, Equatable, CustomStringConvertible {
    /// Nobody waits for the result any more, or its time is up.
    case cancelled
    /// Parameters whose density is to fall lie outside the prior.
    case outsideSupport(observation: Int)

    /// What happened, in words.
    public var description: String {
        switch self {
        case .cancelled: "the attack was cancelled"
        case .outsideSupport(let observation):
            "theta of observation \(observation) lies outside the prior's support"
        }
    }
}
