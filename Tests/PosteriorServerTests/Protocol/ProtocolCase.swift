import Foundation

/// A line of `Fixtures/protocol.cases`, which says at its top how it is written.
struct ProtocolCase: Sendable {
    /// An answer that has to come.
    struct Expected: Sendable {
        let statuses: Set<Int>
        let closes: Bool
    }

    let name: String
    let section: String
    let expected: [Expected]
    let input: [UInt8]

    /// Whether the connection ends after it.
    var closes: Bool { expected.last?.closes ?? false }

    /// All cases.
    static func all() throws -> [ProtocolCase] {
        let file = URL(filePath: #filePath).deletingLastPathComponent()
            .deletingLastPathComponent().appending(path: "Fixtures/protocol.cases")
        let text = try String(contentsOf: file, encoding: .utf8)
        return try text.split(separator: "\n").filter { !$0.hasPrefix("#") }.map { line in
            let columns = "\(line) ".split(separator: " | ", maxSplits: 3)
            guard columns.count >= 3 else { throw TableError(line: String(line)) }
            return ProtocolCase(
                name: String(columns[0]),
                section: String(columns[1]),
                expected: try expected(columns[2]),
                input: columns.count < 4 ? [] : bytes(columns[3].dropLast())
            )
        }
    }

    private static func expected(_ column: Substring) throws -> [Expected] {
        try column.split(separator: " ").filter { $0 != "-" }.map { word in
            let statuses = word.split(separator: "!")[0].split(separator: "/").map { Int($0) }
            guard !statuses.contains(nil) else { throw TableError(line: String(column)) }
            return Expected(
                statuses: Set(statuses.compactMap(\.self)),
                closes: word.hasSuffix("!")
            )
        }
    }

    private static func bytes(_ text: Substring) -> [UInt8] {
        var reader = InputReader(rest: text)
        return reader.read(isNested: false)
    }
}

/// What in the table is not as its first lines say.
struct TableError: Error {
    let line: String
}

/// Turns the input of a case into bytes.
private struct InputReader {
    private static let words: [String: String] = [
        "H": "Host: a\r\n",
        "LIVE": "GET /v2/health/live HTTP/1.1\r\n",
        "POST": "POST /v1/models/two_moons/sample HTTP/1.1\r\n",
        "J": #"{"observation":[0,0],"num_samples":1}"#,
        "TE": "Transfer-Encoding: chunked\r\n",
    ]

    var rest: Substring

    mutating func read(isNested: Bool) -> [UInt8] {
        var bytes: [UInt8] = []
        while let character = rest.popFirst() {
            switch character {
            case "\\": bytes += escape()
            case "}" where isNested: return bytes
            case "{": bytes += braces()
            default: bytes += Array(String(character).utf8)
            }
        }
        return bytes
    }

    private mutating func escape() -> [UInt8] {
        switch rest.popFirst() {
        case "r": return [0x0D]
        case "n": return [0x0A]
        case "t": return [0x09]
        case "0": return [0]
        case "x":
            let digits = rest.prefix(2)
            rest = rest.dropFirst(2)
            return [UInt8(digits, radix: 16) ?? 0]
        case let other: return other.map { Array(String($0).utf8) } ?? []
        }
    }

    private mutating func braces() -> [UInt8] {
        let word = rest.prefix { $0.isUppercase }
        if let text = Self.words[String(word)], rest.dropFirst(word.count).first == "}" {
            rest = rest.dropFirst(word.count + 1)
            return Array(text.utf8)
        }
        let digits = rest.prefix { $0.isNumber }
        guard let count = Int(digits), rest.dropFirst(digits.count).first == "*" else {
            return Array("{".utf8)
        }
        rest = rest.dropFirst(digits.count + 1)
        let inner = read(isNested: true)
        return Array(repeatElement(inner, count: count).joined())
    }
}
