import HTTPTypes

/// Reads a request line and a header section from bytes that arrive in any pieces.
///
///     HTTP-message = start-line CRLF *( field-line CRLF ) CRLF [ message-body ]
///
/// The parser consumes whole lines and remembers how far it has looked into the line that is not
/// complete yet, so no byte is looked at twice however the input is cut. The caller keeps the
/// bytes that were not consumed and offers them again with what came after them.
///
/// *Reference*: RFC 9112 §2.2, §3, §5.
///
/// *Complexity*: linear in the bytes received, whatever the pieces.
public struct RequestParser: Sendable {
    /// What a piece of input led to.
    public enum Outcome: Sendable {
        /// The header section goes on after the `consumed` bytes.
        case needsMore(consumed: Int)
        /// The header section is complete; the content begins after the `consumed` bytes.
        case complete(RequestHead, consumed: Int)
    }

    private enum State {
        case start
        case afterEmptyLine
        case fields
    }

    private let limits: HTTPLimits
    private var state = State.start
    /// Bytes of the incomplete line that are known to hold no CR and no LF.
    private var scanned = 0
    private var line = RequestLine()
    private var section = HeaderSection()

    /// Makes a parser that keeps to the limits.
    public init(limits: HTTPLimits) {
        self.limits = limits
    }

    /// Whether nothing of a request has been consumed yet.
    public var isAtStart: Bool { state == .start }

    /// Whether the request being read is a HEAD, whose answer has no content.
    private(set) var isReadingHead = false

    /// Reads as many whole lines as there are.
    ///
    /// - Parameter input: Everything after the bytes consumed so far.
    /// - Returns: How much was consumed, and the head once it is complete; the parser is then
    ///   ready for the next request.
    /// - Throws: The first rule broken, in the order of the bytes.
    public mutating func parse(_ input: Span<UInt8>) throws(HTTPParseError) -> Outcome {
        var position = 0
        while let end = try endOfLine(input, from: position) {
            let text = input.extracting(position..<end)
            position = end + 2
            scanned = 0
            switch state {
            case .start where text.isEmpty:
                state = .afterEmptyLine
            case .start, .afterEmptyLine:
                guard !text.isEmpty else { throw .emptyLines }
                // Known before the rest of the line is, since a refusal needs it as well.
                isReadingHead = Self.isHead(text)
                line = try RequestLine(text)
                state = .fields
            case .fields where text.isEmpty:
                let head = try section.finish(line, limits: limits)
                state = .start
                isReadingHead = false
                section = HeaderSection()
                return .complete(head, consumed: position)
            case .fields:
                try section.append(text, limits: limits)
            }
        }
        return .needsMore(consumed: position)
    }

    private static func isHead(_ line: Span<UInt8>) -> Bool {
        line.count > 4 && line[0] == UInt8(ascii: "H") && line[1] == UInt8(ascii: "E")
            && line[2] == UInt8(ascii: "A") && line[3] == UInt8(ascii: "D")
            && line[4] == HTTPGrammar.space
    }

    private static func hasSpace(_ line: Span<UInt8>) -> Bool {
        for index in line.indices where line[index] == HTTPGrammar.space { return true }
        return false
    }

    /// The name of a field line whose end is missing; nil while its colon is missing as well.
    private static func fieldName(_ line: Span<UInt8>) -> String? {
        var end = 0
        while end < line.count, HTTPGrammar.isToken(line[end]) { end += 1 }
        guard end > 0, end < line.count, line[end] == HTTPGrammar.colon else { return nil }
        return HTTPGrammar.text(line.extracting(0..<end))
    }

    /// Finds the CR of the line that begins at `start`; nil while its CRLF is incomplete.
    private mutating func endOfLine(
        _ input: Span<UInt8>,
        from start: Int
    ) throws(HTTPParseError) -> Int? {
        let limit = state == .fields ? limits.fieldLineBytes : limits.requestLineBytes
        let count = input.count
        // Something that is not HTTP, such as a TLS handshake, is refused at its first byte.
        if state != .fields, start < count {
            let first = input[start]
            guard HTTPGrammar.isToken(first) || first == 0x0A || first == 0x0D else {
                throw .malformedRequestLine
            }
        }
        let bound = min(count, start + limit + 1)
        var index = start + scanned
        while index < bound, input[index] != 0x0A, input[index] != 0x0D { index += 1 }
        scanned = index - start
        guard scanned <= limit else {
            if state == .fields {
                let name = Self.fieldName(input.extracting(start..<index))
                throw .fieldLineTooLong(name: name, limitBytes: limit)
            }
            // A line that is all method so far has no target to be too long, RFC 9112 §3.
            let hasMethod = Self.hasSpace(input.extracting(start..<index))
            throw hasMethod ? .requestLineTooLong(limitBytes: limit) : .malformedRequestLine
        }
        guard index < count else { return nil }
        guard input[index] == 0x0D else { throw .bareLineFeed }
        guard index + 1 < count else { return nil }
        guard input[index + 1] == 0x0A else { throw .bareCarriageReturn }
        return index
    }
}
