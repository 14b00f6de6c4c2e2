import HTTPTypes

/// The field lines of a request as they come, and the checks once they are all there.
///
///     field-line = field-name ":" OWS field-value OWS
///
/// *Reference*: RFC 9112 §5, §6.1–6.3; RFC 9110 §5, §7.2, §7.6.1, §10.1.1.
struct HeaderSection: Sendable {
    private enum Coding {
        case absent
        case chunked
        case unknown
    }

    private enum Expectation {
        case absent
        case goOn
        case unknown
    }

    private var fields = HTTPFields()
    private var byteCount = 0
    private var lineCount = 0
    private var seen: UInt32 = 0
    private var host: String?
    private var length: Int?
    private var coding = Coding.absent
    private var expectation = Expectation.absent
    private var asksForClose = false
    private var timeout: Duration?

    /// Checks and keeps one field line, given without its CRLF.
    mutating func append(_ line: Span<UInt8>, limits: HTTPLimits) throws(HTTPParseError) {
        byteCount += line.count + 2
        lineCount += 1
        guard byteCount <= limits.headerSectionBytes else {
            throw .headerSectionTooLarge(limitBytes: limits.headerSectionBytes)
        }
        guard lineCount <= limits.fieldLineCount else {
            throw .tooManyFields(limit: limits.fieldLineCount)
        }
        guard !HTTPGrammar.isOptionalSpace(line[0]) else { throw .foldedLine }
        var colon = 0
        while colon < line.count, HTTPGrammar.isToken(line[colon]) { colon += 1 }
        guard colon > 0, colon < line.count, line[colon] == HTTPGrammar.colon else {
            throw .malformedFieldName
        }
        let nameBytes = line.extracting(0..<colon)
        let rest = line.extracting((colon + 1)..<line.count)
        let value = rest.extracting(HTTPGrammar.trimmedRange(rest))
        for index in value.indices where !HTTPGrammar.isFieldValue(value[index]) {
            throw .invalidFieldValue(name: HTTPGrammar.text(nameBytes) ?? "")
        }
        var name: HTTPField.Name?
        if let known = KnownField(nameBytes) {
            try note(known, value)
            name = known.name
        } else {
            name = HTTPGrammar.text(nameBytes).flatMap { HTTPField.Name($0) }
        }
        guard let name else { return }
        if let text = HTTPGrammar.text(value) {
            fields.append(HTTPField(name: name, value: text))
        } else {
            // Bytes above ASCII are opaque, RFC 9110 §5.5: kept as they came.
            var bytes: [UInt8] = []
            bytes.append(copying: value)
            fields.append(HTTPField(name: name, value: bytes))
        }
    }

    private mutating func note(_ field: KnownField, _ value: Span<UInt8>) throws(HTTPParseError) {
        if seen & field.bit != 0, field.isSingleton {
            switch field {
            case .transferEncoding: throw .invalidTransferEncoding
            case .contentLength: throw .invalidContentLength
            default: throw .repeatedField(name: field.canonicalName)
            }
        }
        seen |= field.bit
        switch field {
        case .host:
            guard HostRule.isValid(value) else { throw .invalidHost }
            host = HTTPGrammar.text(value)
        case .contentLength: length = try Self.contentLength(value)
        case .transferEncoding: coding = try Self.coding(value)
        case .connection: try noteConnection(value)
        case .expect: noteExpectation(value)
        case .requestTimeout:
            guard let duration = RequestTimeout.duration(value) else { throw .invalidTimeout }
            timeout = duration
        default: break
        }
    }

    /// Checks what concerns the section as a whole and joins it with the request line.
    func finish(_ line: RequestLine, limits: HTTPLimits) throws(HTTPParseError) -> RequestHead {
        guard host != nil || line.minorVersion == 0 else { throw .missingHost }
        let framing: BodyFraming
        switch (coding, length) {
        case (.absent, nil): framing = .none
        case (.absent, let length?): framing = .length(length)
        case (_, _?): throw .conflictingLengths
        case (_, nil) where line.minorVersion == 0: throw .transferEncodingInOldVersion
        case (.unknown, nil): throw .unknownTransferCoding
        case (.chunked, nil): framing = .chunked
        }
        if framing.hasBody {
            switch line.method {
            // Of GET the service says so, which knows whether the path has GET at all.
            case .head, .options: throw .unexpectedBody(method: line.method.rawValue)
            default: break
            }
        }
        guard expectation != .unknown else { throw .unknownExpectation }
        if !limits.allowedHosts.isEmpty, let name = line.authority ?? host {
            guard limits.allowedHosts.contains(HostRule.name(of: name)) else { throw .misdirected }
        }
        let request = HTTPRequest(
            method: line.method,
            scheme: line.scheme ?? "http",
            authority: line.authority ?? host,
            path: line.path,
            headerFields: fields
        )
        return RequestHead(
            request: request,
            minorVersion: line.minorVersion,
            framing: framing,
            expectsContinue: expectation == .goOn && framing.hasBody && line.minorVersion > 0,
            closesConnection: asksForClose || line.minorVersion == 0,
            timeout: timeout
        )
    }

    /// Content-Length = 1*DIGIT, at most 19 of them and within 63 bits, RFC 9110 §8.6.
    private static func contentLength(_ value: Span<UInt8>) throws(HTTPParseError) -> Int {
        guard (1...19).contains(value.count) else { throw .invalidContentLength }
        var length: Int64 = 0
        for index in value.indices {
            guard HTTPGrammar.isDigit(value[index]) else { throw .invalidContentLength }
            let digit = Int64(value[index] - UInt8(ascii: "0"))
            let (product, overflow) = length.multipliedReportingOverflow(by: 10)
            let (sum, overflowAgain) = product.addingReportingOverflow(digit)
            guard !overflow, !overflowAgain else { throw .invalidContentLength }
            length = sum
        }
        guard let exact = Int(exactly: length) else { throw .invalidContentLength }
        return exact
    }

    /// Transfer-Encoding = #transfer-coding, of which only the one word `chunked` is taken.
    ///
    /// A list of tokens that ends in its only `chunked` is at least well-formed: 501, not 400.
    private static func coding(_ value: Span<UInt8>) throws(HTTPParseError) -> Coding {
        if HTTPGrammar.equals(value, lowercase: "chunked") { return .chunked }
        let isTokenList = eachMember(of: value) { member in
            for index in member.indices where !HTTPGrammar.isToken(member[index]) { return false }
            return !member.isEmpty
        }
        var chunkedCount = 0
        var endsInChunked = false
        _ = eachMember(of: value) { member in
            endsInChunked = HTTPGrammar.equals(member, lowercase: "chunked")
            chunkedCount += endsInChunked ? 1 : 0
            return true
        }
        guard isTokenList, endsInChunked, chunkedCount == 1 else { throw .invalidTransferEncoding }
        return .unknown
    }

    /// Connection = #connection-option, each a token; empty members are skipped.
    private mutating func noteConnection(_ value: Span<UInt8>) throws(HTTPParseError) {
        var asksForClose = false
        let isTokenList = Self.eachMember(of: value) { member in
            for index in member.indices where !HTTPGrammar.isToken(member[index]) { return false }
            if HTTPGrammar.equals(member, lowercase: "close") { asksForClose = true }
            return true
        }
        guard isTokenList else { throw .invalidConnection }
        self.asksForClose = self.asksForClose || asksForClose
    }

    /// Expect = #expectation, of which only `100-continue` is known.
    private mutating func noteExpectation(_ value: Span<UInt8>) {
        var isPresent = false
        let isKnown = Self.eachMember(of: value) { member in
            isPresent = isPresent || !member.isEmpty
            return member.isEmpty || HTTPGrammar.equals(member, lowercase: "100-continue")
        }
        if !isKnown {
            expectation = .unknown
        } else if isPresent, expectation == .absent {
            expectation = .goOn
        }
    }

    /// Calls `body` for each member of a comma-separated list until one returns false.
    private static func eachMember(
        of list: Span<UInt8>,
        _ body: (Span<UInt8>) -> Bool
    ) -> Bool {
        var start = 0
        for index in 0...list.count
        where index == list.count || list[index] == UInt8(ascii: ",") {
            let member = list.extracting(start..<index)
            guard body(member.extracting(HTTPGrammar.trimmedRange(member))) else { return false }
            start = index + 1
        }
        return true
    }
}
