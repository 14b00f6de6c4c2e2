/// Takes the chunks of a body apart, in any pieces, and checks the trailers before dropping them.
///
///     chunked-body = *chunk last-chunk trailer-section CRLF
///     chunk        = chunk-size [ chunk-ext ] CRLF chunk-data CRLF
///     chunk-ext    = *( BWS ";" BWS token [ BWS "=" BWS ( token / quoted-string ) ] )
///
/// White space (BWS) is read past where it leads to a ";", a "=", a name or a value, RFC 9110
/// §5.6.3, and refused before the end of a size line, where no extension takes it in.
///
/// *Reference*: RFC 9112 §7.1.
///
/// *Complexity*: linear in the bytes; the state does not grow with chunks or trailers.
public struct ChunkedDecoder: Sendable {
    private enum State {
        case size
        case beforeExtension
        case extensionName
        case afterExtensionName
        case extensionValueStart
        case extensionValue
        case quoted
        case quotedPair
        case afterQuoted
        case sizeLineFeed
        case data
        case dataReturn
        case dataLineFeed
        case trailerStart
        case trailerName
        case trailerValue
        case trailerLineFeed
        case endLineFeed
        case complete
    }

    private let limits: HTTPLimits
    private let bodyLimit: Int
    private var state = State.size
    private var size = 0
    private var sizeDigits = 0
    private var extensionNameBytes = 0
    private var extensionBytes = 0
    private var extensionBytesOfBody = 0
    private var chunkCount = 0
    private var bodyBytes = 0
    private var trailerName = TrailerName()
    private var trailerLines = 0
    private var trailerBytes = 0

    /// Makes a decoder for one body of at most `bodyLimit` bytes of data.
    public init(limits: HTTPLimits, bodyLimit: Int) {
        self.limits = limits
        self.bodyLimit = bodyLimit
    }

    /// Whether the last byte of the body has been read.
    public var isComplete: Bool { state == .complete }

    /// Reads as much as belongs to the body.
    ///
    /// - Parameters:
    ///   - input: The bytes after those consumed so far.
    ///   - body: Where the data is appended.
    /// - Returns: How many bytes were consumed: all of them unless the body is complete.
    /// - Throws: The first rule broken, in the order of the bytes.
    public mutating func decode(
        _ input: Span<UInt8>,
        into body: inout [UInt8]
    ) throws(HTTPParseError) -> Int {
        var index = 0
        while index < input.count, state != .complete {
            if state == .data {
                let count = min(size, input.count - index)
                body.append(copying: input.extracting(index..<(index + count)))
                size -= count
                index += count
                if size == 0 { state = .dataReturn }
            } else {
                try take(input[index])
                index += 1
            }
        }
        return index
    }

    private mutating func take(_ byte: UInt8) throws(HTTPParseError) {
        switch state {
        case .size: try takeSize(byte)
        case .beforeExtension, .extensionName, .afterExtensionName, .extensionValueStart,
            .extensionValue, .quoted, .quotedPair, .afterQuoted:
            try takeExtension(byte)
        case .sizeLineFeed:
            guard byte == HTTPGrammar.lineFeed else { throw .bareCarriageReturn }
            try beginData()
        case .dataReturn:
            guard byte == HTTPGrammar.carriageReturn else { throw .malformedChunkEnd }
            state = .dataLineFeed
        case .dataLineFeed:
            guard byte == HTTPGrammar.lineFeed else { throw .malformedChunkEnd }
            state = .size
        case .trailerStart, .trailerName, .trailerValue, .trailerLineFeed, .endLineFeed:
            try takeTrailer(byte)
        case .data, .complete: break
        }
    }

    /// chunk-size = 1*HEXDIG, here 1 to 16 of them, multiplied and added with checks.
    private mutating func takeSize(_ byte: UInt8) throws(HTTPParseError) {
        if let digit = HTTPGrammar.hexValue(byte) {
            sizeDigits += 1
            let (product, overflow) = size.multipliedReportingOverflow(by: 16)
            let (sum, overflowAgain) = product.addingReportingOverflow(Int(digit))
            guard sizeDigits <= 16, !overflow, !overflowAgain else { throw .malformedChunkSize }
            size = sum
            return
        }
        guard sizeDigits > 0 else { throw .malformedChunkSize }
        switch byte {
        case HTTPGrammar.carriageReturn: state = .sizeLineFeed
        case UInt8(ascii: ";"):
            try countExtensionByte()
            extensionNameBytes = 0
            state = .extensionName
        case HTTPGrammar.space, HTTPGrammar.horizontalTab:
            try countExtensionByte()
            state = .beforeExtension
        case HTTPGrammar.lineFeed: throw .bareLineFeed
        default: throw .malformedChunkSize
        }
    }

    private mutating func takeExtension(_ byte: UInt8) throws(HTTPParseError) {
        if byte == HTTPGrammar.carriageReturn {
            guard mayEndExtensions else { throw .malformedChunkSize }
            state = .sizeLineFeed
            return
        }
        try countExtensionByte()
        if HTTPGrammar.isOptionalSpace(byte), let next = stateAfterSpace {
            state = next
            return
        }
        switch (state, byte) {
        case (.extensionName, UInt8(ascii: "=")) where extensionNameBytes > 0,
            (.afterExtensionName, UInt8(ascii: "=")):
            state = .extensionValueStart
        case (.extensionName, UInt8(ascii: ";")) where extensionNameBytes > 0,
            (.afterExtensionName, UInt8(ascii: ";")), (.beforeExtension, UInt8(ascii: ";")),
            (.extensionValue, UInt8(ascii: ";")), (.afterQuoted, UInt8(ascii: ";")):
            extensionNameBytes = 0
            state = .extensionName
        case (.extensionName, _) where HTTPGrammar.isToken(byte):
            extensionNameBytes += 1
        case (.extensionValueStart, UInt8(ascii: "\"")): state = .quoted
        case (.extensionValueStart, _) where HTTPGrammar.isToken(byte),
            (.extensionValue, _) where HTTPGrammar.isToken(byte):
            state = .extensionValue
        case (.quoted, UInt8(ascii: "\"")): state = .afterQuoted
        case (.quoted, UInt8(ascii: "\\")): state = .quotedPair
        case (.quoted, _) where HTTPGrammar.isFieldValue(byte): break
        case (.quotedPair, _) where HTTPGrammar.isFieldValue(byte): state = .quoted
        default: throw .malformedChunkSize
        }
    }

    /// Whether the size line may end here: after a whole name or value.
    private var mayEndExtensions: Bool {
        switch state {
        case .extensionName: extensionNameBytes > 0
        case .extensionValue, .afterQuoted: true
        default: false
        }
    }

    /// Where white space leads; nil inside quotes, where it belongs to the value.
    private var stateAfterSpace: State? {
        switch state {
        case .extensionName where extensionNameBytes > 0: .afterExtensionName
        case .extensionValue, .afterQuoted: .beforeExtension
        case .quoted, .quotedPair: nil
        default: state
        }
    }

    private mutating func countExtensionByte() throws(HTTPParseError) {
        extensionBytes += 1
        extensionBytesOfBody += 1
        guard extensionBytes <= limits.chunkExtensionBytes else {
            throw .chunkExtensionTooLong(limitBytes: limits.chunkExtensionBytes)
        }
        guard extensionBytesOfBody <= limits.chunkExtensionBytesPerBody else {
            throw .chunkExtensionTooLong(limitBytes: limits.chunkExtensionBytesPerBody)
        }
    }

    private mutating func beginData() throws(HTTPParseError) {
        sizeDigits = 0
        extensionBytes = 0
        guard size > 0 else {
            state = .trailerStart
            return
        }
        chunkCount += 1
        guard chunkCount <= limits.chunkCount else {
            throw .tooManyChunks(limit: limits.chunkCount)
        }
        guard size <= bodyLimit - bodyBytes else { throw .bodyTooLarge(limitBytes: bodyLimit) }
        bodyBytes += size
        state = .data
    }

    /// trailer-section = *( field-line CRLF ), by the rules of field lines; nothing is kept.
    private mutating func takeTrailer(_ byte: UInt8) throws(HTTPParseError) {
        trailerBytes += 1
        let isEnd = state == .endLineFeed || state == .trailerStart && byte == 0x0D
        guard isEnd || trailerBytes <= limits.trailerBytes else { throw trailersTooLarge }
        switch (state, byte) {
        case (.trailerStart, HTTPGrammar.carriageReturn): state = .endLineFeed
        case (.trailerStart, _) where HTTPGrammar.isToken(byte):
            trailerLines += 1
            guard trailerLines <= limits.trailerLineCount else { throw trailersTooLarge }
            trailerName = TrailerName()
            trailerName.append(byte)
            state = .trailerName
        case (.trailerName, HTTPGrammar.colon):
            guard !trailerName.isForbidden else { throw .forbiddenTrailer }
            state = .trailerValue
        case (.trailerName, _) where HTTPGrammar.isToken(byte): trailerName.append(byte)
        case (.trailerValue, HTTPGrammar.carriageReturn): state = .trailerLineFeed
        case (.trailerValue, _) where HTTPGrammar.isFieldValue(byte): break
        case (.trailerLineFeed, HTTPGrammar.lineFeed): state = .trailerStart
        case (.endLineFeed, HTTPGrammar.lineFeed): state = .complete
        case (.trailerLineFeed, _), (.endLineFeed, _): throw .bareCarriageReturn
        case (_, HTTPGrammar.lineFeed): throw .bareLineFeed
        default: throw .malformedTrailer
        }
    }

    private var trailersTooLarge: HTTPParseError {
        .trailersTooLarge(limitBytes: limits.trailerBytes, limitLines: limits.trailerLineCount)
    }
}
