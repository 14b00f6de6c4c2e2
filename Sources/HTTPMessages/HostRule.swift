/// The rule of the Host field and of a target's authority, RFC 9110 §7.2.
///
///     Host = uri-host [ ":" port ]      uri-host = IP-literal / IPv4address / reg-name
///     IP-literal = "[" ( IPv6address / IPvFuture ) "]"      port = *DIGIT
///
/// The host may not be empty, userinfo is refused, and so is a port above 65,535.
enum HostRule {
    static func isValid(_ bytes: Span<UInt8>) -> Bool {
        guard !bytes.isEmpty else { return false }
        var index = 0
        if bytes[0] == UInt8(ascii: "[") {
            while index < bytes.count, bytes[index] != UInt8(ascii: "]") { index += 1 }
            guard index < bytes.count, isVersionSix(bytes.extracting(1..<index)) else {
                return false
            }
            index += 1
        } else {
            while index < bytes.count, bytes[index] != HTTPGrammar.colon {
                if bytes[index] == HTTPGrammar.percent {
                    guard index + 2 < bytes.count, HTTPGrammar.hexValue(bytes[index + 1]) != nil,
                        HTTPGrammar.hexValue(bytes[index + 2]) != nil
                    else { return false }
                } else if !HTTPGrammar.isRegisteredName(bytes[index]) {
                    return false
                }
                index += 1
            }
            guard index > 0 else { return false }
        }
        guard index < bytes.count else { return true }
        guard bytes[index] == HTTPGrammar.colon else { return false }
        return isPort(bytes.extracting((index + 1)..<bytes.count))
    }

    /// Whether the bytes are `uri-host ":" port`, with a port that is not empty.
    static func hasPort(_ bytes: Span<UInt8>) -> Bool {
        guard isValid(bytes), HTTPGrammar.isDigit(bytes[bytes.count - 1]) else { return false }
        for index in bytes.indices where bytes[index] == HTTPGrammar.colon { return true }
        return false
    }

    /// The host of a valid Host field in small letters, without the port.
    static func name(of host: String) -> String {
        let name: Substring
        if let bracket = host.utf8.lastIndex(of: UInt8(ascii: "]")) {
            name = host[...bracket]
        } else {
            name = host.prefix { $0 != ":" }
        }
        return name.lowercased()
    }

    private static func isPort(_ digits: Span<UInt8>) -> Bool {
        guard digits.count <= 5 else { return false }
        var port = 0
        for index in digits.indices {
            guard HTTPGrammar.isDigit(digits[index]) else { return false }
            port = port * 10 + Int(digits[index] - UInt8(ascii: "0"))
        }
        return port <= 65_535
    }

    /// IPv6address of RFC 3986 §3.2.2: eight groups, or fewer around one "::"; no zone, no future.
    private static func isVersionSix(_ bytes: Span<UInt8>) -> Bool {
        var groups = 0
        var digits = 0
        var hasGap = false
        var index = 0
        while index < bytes.count {
            if bytes[index] == HTTPGrammar.colon {
                if index + 1 < bytes.count, bytes[index + 1] == HTTPGrammar.colon {
                    guard !hasGap else { return false }
                    hasGap = true
                    index += 2
                } else {
                    guard digits > 0, index + 1 < bytes.count else { return false }
                    index += 1
                }
                digits = 0
                continue
            }
            if digits == 0 {
                if let count = versionFourGroups(bytes.extracting(index..<bytes.count)) {
                    groups += count
                    break
                }
                groups += 1
            }
            guard HTTPGrammar.hexValue(bytes[index]) != nil, digits < 4 else { return false }
            digits += 1
            index += 1
        }
        return hasGap ? groups <= 7 : groups == 8
    }

    /// Two groups when the bytes are a dotted IPv4 address, which may end an IPv6 one; else nil.
    private static func versionFourGroups(_ bytes: Span<UInt8>) -> Int? {
        var octets = 0
        var value = 0
        var digits = 0
        for index in bytes.indices {
            if bytes[index] == UInt8(ascii: ".") {
                guard digits > 0, octets < 3 else { return nil }
                octets += 1
                value = 0
                digits = 0
                continue
            }
            guard HTTPGrammar.isDigit(bytes[index]), digits == 0 || value > 0 else { return nil }
            value = value * 10 + Int(bytes[index] - UInt8(ascii: "0"))
            digits += 1
            guard value <= 255 else { return nil }
        }
        return octets == 3 && digits > 0 ? 2 : nil
    }
}
