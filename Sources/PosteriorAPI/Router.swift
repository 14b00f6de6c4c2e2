import HTTPTypes

/// Finds the route of a request.
struct Router: Sendable {
    /// What a path turned out to be.
    struct Match: Sendable, Equatable {
        var endpoint: Endpoint
        /// The template of the path.
        var route: String
        /// The segment in the place of `{model}`, percent-decoded once.
        var model = ""
        /// The segment in the place of `{version}`, or nil where the route has none.
        var version: String?

        /// The methods this path answers to, as `Allow` lists them.
        var allowedMethods: [HTTPRequest.Method] { endpoint.allowedMethods }
    }

    /// A route's path in bytes, with one control byte, which no target holds, for each `{…}`.
    private struct Pattern {
        static let model: UInt8 = 1
        static let version: UInt8 = 2

        var bytes: [UInt8]
        var endpoint: Endpoint
        var route: String
    }

    private let patterns: [Pattern]

    init(_ routes: [Route] = Route.all) {
        patterns = routes.map { route in
            Pattern(
                bytes: Self.compiled(route.path),
                endpoint: route.endpoint,
                route: route.path
            )
        }
    }

    /// The route of a target in origin form; its query is ignored.
    func match(_ target: String) -> Match? {
        let bytes = target.utf8.span
        var length = 0
        while length < bytes.count, bytes[length] != UInt8(ascii: "?") { length += 1 }
        guard length <= 1024 else { return nil }
        let path = bytes.extracting(0..<length)
        for pattern in patterns {
            if let match = Self.match(pattern, path) {
                return match
            }
        }
        return nil
    }

    private static func match(_ pattern: Pattern, _ path: Span<UInt8>) -> Match? {
        var modelRange = 0..<0
        var versionRange = 0..<0
        var position = 0
        let bytes = pattern.bytes.span
        for index in bytes.indices {
            switch bytes[index] {
            case Pattern.model:
                modelRange = segment(path, from: position)
                position = modelRange.upperBound
                guard !modelRange.isEmpty else { return nil }
            case Pattern.version:
                versionRange = segment(path, from: position)
                position = versionRange.upperBound
                guard !versionRange.isEmpty else { return nil }
            case let byte:
                guard position < path.count, path[position] == byte else { return nil }
                position += 1
            }
        }
        guard position == path.count else { return nil }
        var match = Match(endpoint: pattern.endpoint, route: pattern.route)
        if !modelRange.isEmpty {
            guard let text = percentDecoded(path.extracting(modelRange)) else { return nil }
            match.model = text
        }
        if !versionRange.isEmpty {
            guard let text = percentDecoded(path.extracting(versionRange)) else { return nil }
            match.version = text
        }
        return match
    }

    private static func segment(_ path: Span<UInt8>, from start: Int) -> Range<Int> {
        var end = start
        while end < path.count, path[end] != UInt8(ascii: "/") { end += 1 }
        return start..<end
    }

    private static func compiled(_ path: String) -> [UInt8] {
        let segments = path.split(separator: "/", omittingEmptySubsequences: false).map { segment in
            switch segment {
            case "{model}": [Pattern.model]
            case "{version}": [Pattern.version]
            default: Array(segment.utf8)
            }
        }
        return Array(segments.joined(separator: [UInt8(ascii: "/")]))
    }

    /// A segment decoded once, or nil when an escape is broken or the bytes are not UTF-8.
    private static func percentDecoded(_ segment: Span<UInt8>) -> String? {
        var isPlain = true
        for index in segment.indices where segment[index] == UInt8(ascii: "%") { isPlain = false }
        if isPlain {
            guard let text = try? UTF8Span(validating: segment) else { return nil }
            return String(copying: text)
        }
        var bytes: [UInt8] = []
        var position = 0
        while position < segment.count {
            let byte = segment[position]
            position += 1
            guard byte == UInt8(ascii: "%") else {
                bytes.append(byte)
                continue
            }
            guard position + 1 < segment.count,
                let high = hexadecimalValue(segment[position]),
                let low = hexadecimalValue(segment[position + 1])
            else { return nil }
            bytes.append(high << 4 | low)
            position += 2
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
