/// The rules for names and versions of models, in folders and in requests.
public enum ModelName {
    /// What a name may look like, for error messages.
    public static let rule =
        "a letter or digit, then at most 127 letters, digits, '.', '_' or '-', without '..'"

    /// Whether a name may be used for a model.
    ///
    /// `stats` is reserved: clients of the Open Inference Protocol ask for it beside the models.
    public static func isValid(_ name: String) -> Bool {
        let bytes = Array(name.utf8)
        guard let first = bytes.first, isLetterOrDigit(first), bytes.count <= 128 else {
            return false
        }
        let allowed = bytes.allSatisfy {
            isLetterOrDigit($0) || $0 == UInt8(ascii: ".") || $0 == UInt8(ascii: "_")
                || $0 == UInt8(ascii: "-")
        }
        let hasDots = zip(bytes, bytes.dropFirst()).contains {
            $0 == UInt8(ascii: ".") && $1 == UInt8(ascii: ".")
        }
        return allowed && !hasDots && name != "stats"
    }

    /// A version: a positive integer without leading zeros, at most nine digits, or nil.
    public static func version(_ text: String) -> Int? {
        let bytes = Array(text.utf8)
        guard !bytes.isEmpty, bytes.count <= 9, bytes[0] != UInt8(ascii: "0") else { return nil }
        var version = 0
        for byte in bytes {
            guard byte &- UInt8(ascii: "0") < 10 else { return nil }
            version = version * 10 + Int(byte - UInt8(ascii: "0"))
        }
        return version
    }

    private static func isLetterOrDigit(_ byte: UInt8) -> Bool {
        byte &- UInt8(ascii: "0") < 10 || (byte | 0x20) &- UInt8(ascii: "a") < 26
    }
}
