/// The answers in what a server sent on a connection.
struct ProtocolAnswers {
    struct Answer {
        let status: Int
        let closes: Bool
        let hasDate: Bool
    }

    /// The final ones.
    private(set) var answers: [Answer] = []
    /// What is wrong with the bytes, if anything is.
    private(set) var fault: String?

    /// Takes bytes apart.
    ///
    /// - Parameters:
    ///   - bytes: All that was received.
    ///   - firstIsHead: Whether the first answer belongs to a HEAD request and has no content.
    init(_ bytes: [UInt8], firstIsHead: Bool) {
        var rest = bytes[...]
        while !rest.isEmpty, fault == nil {
            guard let end = rest.firstRange(of: Array("\r\n\r\n".utf8)) else {
                fault = "no head: \(String(decoding: rest.prefix(40), as: UTF8.self))"
                return
            }
            let head = String(decoding: rest[..<end.lowerBound], as: UTF8.self)
            rest = rest[end.upperBound...]
            let lines = head.split(separator: "\r\n")
            guard lines[0].hasPrefix("HTTP/1.1 "), let status = Int(lines[0].dropFirst(9).prefix(3))
            else {
                fault = "no status line: \(lines[0])"
                return
            }
            guard status >= 200 else { continue }
            let fields = Self.fields(lines.dropFirst())
            let lengths = fields.filter { $0.name == "content-length" }.map(\.value)
            if !(answers.isEmpty && firstIsHead) {
                guard lengths.count == 1, let length = Int(lengths[0]), rest.count >= length else {
                    fault = "an answer without one right Content-Length: \(head)"
                    return
                }
                rest = rest.dropFirst(length)
            }
            answers.append(
                Answer(
                    status: status,
                    closes: fields.contains { $0.name == "connection" && $0.value == "close" },
                    hasDate: fields.contains { $0.name == "date" }
                )
            )
        }
    }

    private static func fields(_ lines: ArraySlice<Substring>) -> [(name: String, value: String)] {
        lines.map { line in
            let name = line.prefix { $0 != ":" }
            return (name.lowercased(), String(line.dropFirst(name.count + 2)))
        }
    }

    /// What is wrong with them; nil when they are those expected.
    func problem(_ expected: [ProtocolCase.Expected]) -> String? {
        if let fault { return fault }
        let isRight =
            answers.count == expected.count
            && zip(answers, expected).allSatisfy { answer, expected in
                expected.statuses.contains(answer.status) && answer.closes == expected.closes
            }
        if !isRight {
            return "came: "
                + answers.map { "\($0.status)\($0.closes ? "!" : "")" }.joined(separator: " ")
        }
        return answers.allSatisfy(\.hasDate) ? nil : "an answer has no Date"
    }
}
