import HTTPTypes

/// The request line, RFC 9112 §3: `method SP request-target SP HTTP-version`.
struct RequestLine: Sendable {
    var method = HTTPRequest.Method.get
    var path = "/"
    /// Scheme and authority of an absolute-form target.
    var scheme: String?
    var authority: String?
    var minorVersion = 1

    init() {}

    /// Reads a complete line: bytes first, then version, method and the form of the target.
    init(_ line: Span<UInt8>) throws(HTTPParseError) {
        var methodEnd = 0
        while methodEnd < line.count, HTTPGrammar.isToken(line[methodEnd]) { methodEnd += 1 }
        guard methodEnd > 0, methodEnd < line.count, line[methodEnd] == HTTPGrammar.space else {
            throw .malformedRequestLine
        }
        let targetStart = methodEnd + 1
        var targetEnd = targetStart
        while targetEnd < line.count, line[targetEnd] != HTTPGrammar.space { targetEnd += 1 }
        guard targetEnd > targetStart, targetEnd < line.count else { throw .malformedRequestLine }
        let target = line.extracting(targetStart..<targetEnd)
        try Self.checkTarget(target)

        minorVersion = try Self.minorVersion(line.extracting((targetEnd + 1)..<line.count))
        guard let known = Self.knownMethod(line.extracting(0..<methodEnd)) else {
            throw .unknownMethod
        }
        method = known
        try readForm(of: target)
    }

    /// HTTP-version = "HTTP" "/" DIGIT "." DIGIT, RFC 9112 §2.3.
    private static func minorVersion(_ version: Span<UInt8>) throws(HTTPParseError) -> Int {
        guard version.count == 8, version[0] == UInt8(ascii: "H"), version[1] == UInt8(ascii: "T"),
            version[2] == UInt8(ascii: "T"), version[3] == UInt8(ascii: "P"),
            version[4] == UInt8(ascii: "/"), version[6] == UInt8(ascii: "."),
            HTTPGrammar.isDigit(version[5]), HTTPGrammar.isDigit(version[7])
        else { throw version.isEmpty ? .malformedRequestLine : .malformedVersion }
        guard version[5] == UInt8(ascii: "1") else { throw .unsupportedVersion }
        return Int(version[7] - UInt8(ascii: "0"))
    }

    /// The methods served or at least known to routes, RFC 9110 §9.3, and CONNECT for its target.
    private static func knownMethod(_ bytes: Span<UInt8>) -> HTTPRequest.Method? {
        func matches(_ word: String) -> Bool {
            var index = 0
            for letter in word.utf8 {
                guard bytes[index] == letter else { return false }
                index += 1
            }
            return true
        }
        switch bytes.count {
        case 3: return matches("GET") ? .get : matches("PUT") ? .put : nil
        case 4: return matches("POST") ? .post : matches("HEAD") ? .head : nil
        case 5:
            if matches("PATCH") { return .patch }
            if matches("TRACE") { return .trace }
            return matches("QUERY") ? HTTPRequest.Method("QUERY") : nil
        case 6: return matches("DELETE") ? .delete : nil
        case 7: return matches("OPTIONS") ? .options : matches("CONNECT") ? .connect : nil
        default: return nil
        }
    }

    /// Bytes and escapes of a target, RFC 3986 §2.1: `pct-encoded = "%" HEXDIG HEXDIG`.
    ///
    /// NUL is refused, and in a path every control character: no path here has one, and a hop
    /// that decodes early would find the end of a line in it.
    private static func checkTarget(_ target: Span<UInt8>) throws(HTTPParseError) {
        var isPath = true
        for index in target.indices {
            let byte = target[index]
            guard HTTPGrammar.isTarget(byte) else { throw .invalidTarget }
            if byte == UInt8(ascii: "?") { isPath = false }
            guard byte == HTTPGrammar.percent else { continue }
            guard index + 2 < target.count,
                let high = HTTPGrammar.hexValue(target[index + 1]),
                let low = HTTPGrammar.hexValue(target[index + 2]),
                high != 0 || low != 0,
                !isPath || !HTTPGrammar.isControl(high << 4 | low)
            else { throw .invalidTarget }
        }
    }

    /// The four forms of a target, RFC 9112 §3.2; authority-form belongs to CONNECT alone.
    private mutating func readForm(of target: Span<UInt8>) throws(HTTPParseError) {
        // No tunnel is opened here, and one to nowhere is an error first, RFC 9110 §9.3.6.
        if method == .connect {
            throw HostRule.hasPort(target) ? .unknownMethod : .invalidTarget
        }
        if target[0] == UInt8(ascii: "/") {
            path = HTTPGrammar.text(target) ?? "/"
            return
        }
        if target.count == 1, target[0] == UInt8(ascii: "*"), method == .options {
            path = "*"
            return
        }
        // absolute-form = absolute-URI, of which http and https are taken (§3.2.2).
        guard let colon = target.indices.first(where: { target[$0] == HTTPGrammar.colon }),
            colon + 2 < target.count, target[colon + 1] == UInt8(ascii: "/"),
            target[colon + 2] == UInt8(ascii: "/")
        else { throw .invalidTarget }
        let name = target.extracting(0..<colon)
        let isSecure = HTTPGrammar.equals(name, lowercase: "https")
        guard isSecure || HTTPGrammar.equals(name, lowercase: "http") else { throw .invalidTarget }
        scheme = isSecure ? "https" : "http"
        let start = colon + 3
        var end = start
        while end < target.count, target[end] != UInt8(ascii: "/"),
            target[end] != UInt8(ascii: "?")
        { end += 1 }
        let host = target.extracting(start..<end)
        guard HostRule.isValid(host) else { throw .invalidHost }
        authority = HTTPGrammar.text(host)
        let rest = HTTPGrammar.text(target.extracting(end..<target.count)) ?? ""
        if rest.isEmpty {
            // An OPTIONS request for a URI without path means the whole server, §3.2.4.
            path = method == .options ? "*" : "/"
        } else {
            path = rest.utf8.first == UInt8(ascii: "?") ? "/" + rest : rest
        }
    }
}
