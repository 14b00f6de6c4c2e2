import HTTPTypes

/// Finds the route of a request.
struct Router: Sendable {
    /// What a path turned out to be.
    struct Match: Sendable, Equatable {
        var endpoint: Endpoint
        /// The segment in the place of `{model}`, percent-decoded once.
        var model = ""
        /// The segment in the place of `{version}`, or nil where the route has none.
        var version: String?

        /// The methods this path answers to, as `Allow` lists them.
        var allowedMethods: [HTTPRequest.Method] {
            switch endpoint {
            case .page: [.get, .head, .options]
            case .call: [.post, .options]
            }
        }
    }

    private struct Pattern {
        var segments: [Substring]
        var route: Route
    }

    private let fixed: [String: Match]
    private let patterns: [Pattern]

    init(_ routes: [Route] = Route.all) {
        var fixed: [String: Match] = [:]
        var patterns: [Pattern] = []
        for route in routes {
            if route.path.utf8.contains(UInt8(ascii: "{")) {
                patterns.append(Pattern(segments: Self.segments(route.path[...]), route: route))
            } else {
                fixed[route.path] = Match(endpoint: route.endpoint)
            }
        }
        self.fixed = fixed
        self.patterns = patterns
    }

    /// The route of a target in origin form; its query is ignored.
    func match(_ target: String) -> Match? {
        if let match = fixed[target] {
            return match
        }
        let path = target.prefix { $0 != "?" }
        if path.utf8.count < target.utf8.count, let match = fixed[String(path)] {
            return match
        }
        guard path.utf8.count <= 1024 else { return nil }
        let segments = Self.segments(path)
        for pattern in patterns where pattern.segments.count == segments.count {
            if let match = Self.match(pattern, segments) {
                return match
            }
        }
        return nil
    }

    private static func match(_ pattern: Pattern, _ segments: [Substring]) -> Match? {
        var match = Match(endpoint: pattern.route.endpoint)
        for (expected, segment) in zip(pattern.segments, segments) {
            switch expected {
            case "{model}":
                guard let text = percentDecoded(segment), !text.isEmpty else { return nil }
                match.model = text
            case "{version}":
                guard let text = percentDecoded(segment), !text.isEmpty else { return nil }
                match.version = text
            default:
                guard expected.utf8.elementsEqual(segment.utf8) else { return nil }
            }
        }
        return match
    }

    private static func segments(_ path: Substring) -> [Substring] {
        path.split(separator: "/", omittingEmptySubsequences: false)
    }

    /// A segment decoded once, or nil when an escape is broken or the bytes are not UTF-8.
    private static func percentDecoded(_ segment: Substring) -> String? {
        var bytes: [UInt8] = []
        var iterator = segment.utf8.makeIterator()
        while let byte = iterator.next() {
            guard byte == UInt8(ascii: "%") else {
                bytes.append(byte)
                continue
            }
            guard let high = iterator.next().flatMap(hexadecimalValue),
                let low = iterator.next().flatMap(hexadecimalValue)
            else { return nil }
            bytes.append(high << 4 | low)
        }
        return String(validating: bytes, as: UTF8.self)
    }

    private static func hexadecimalValue(_ byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
        default: nil
        }
    }
}
