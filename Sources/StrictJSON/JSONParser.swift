/// One pass over a JSON text that checks it and lays out its nodes.
///
/// *Reference*: RFC 8259, sections 2 to 8.
struct JSONParser {
    let limits: JSONLimits
    private(set) var nodes: [JSONDocument.Node] = []
    private var position = 0
    private var depth = 0
    private var values = 0
    private var path: [Step] = []
    /// Which element of a run of numbers is being read; a path step that costs nothing.
    private var runIndex: Int?

    /// One level of the path to the value being read.
    private enum Step {
        case index(Int)
        /// A key, by its node.
        case key(Int)
    }

    /// So many keys of an object are compared one by one; more go into a set.
    private static let fewKeys = 16

    init(limits: JSONLimits) {
        self.limits = limits
    }

    mutating func parseDocument(_ bytes: Span<UInt8>) throws(JSONError) {
        guard bytes.count <= limits.bytes else {
            throw error(.tooManyBytes(limit: limits.bytes))
        }
        if bytes.count >= 3 && bytes[0] == 0xEF && bytes[1] == 0xBB && bytes[2] == 0xBF {
            throw error(.byteOrderMark)
        }
        skipWhiteSpace(bytes)
        guard position < bytes.count else { throw error(.empty) }
        do throws(JSONError) {
            try parseValue(bytes)
        } catch {
            throw JSONError(error.reason, offset: error.offset, path: pathText(bytes))
        }
        skipWhiteSpace(bytes)
        guard position == bytes.count else { throw error(.trailingBytes) }
    }

    // MARK: Values

    private mutating func parseValue(_ bytes: Span<UInt8>) throws(JSONError) {
        guard position < bytes.count else { throw error(.unexpectedEnd) }
        switch bytes[position] {
        case UInt8(ascii: "{"):
            try parseObject(bytes)
        case UInt8(ascii: "["):
            try parseArray(bytes)
        case UInt8(ascii: "\""):
            try parseString(bytes)
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"):
            try countValues(1)
            let start = position
            try scanNumber(bytes)
            append(.number, offset: start, extent: position - start)
        case UInt8(ascii: "n"):
            try parseLiteral("null", .null, bytes)
        case UInt8(ascii: "t"):
            try parseLiteral("true", .true, bytes)
        case UInt8(ascii: "f"):
            try parseLiteral("false", .false, bytes)
        case UInt8(ascii: "N"), UInt8(ascii: "I"):
            throw error(.nonFiniteLiteral)
        case let byte:
            throw error(.unexpectedByte(byte, expected: "a value"))
        }
    }

    private mutating func parseLiteral(
        _ text: String,
        _ kind: JSONDocument.NodeKind,
        _ bytes: Span<UInt8>
    ) throws(JSONError) {
        try countValues(1)
        let start = position
        for expected in text.utf8 {
            guard position < bytes.count else { throw error(.unexpectedEnd) }
            guard bytes[position] == expected else {
                throw error(.unexpectedByte(bytes[position], expected: "\"\(text)\""))
            }
            position += 1
        }
        append(kind, offset: start, extent: position - start)
    }

    private mutating func parseArray(_ bytes: Span<UInt8>) throws(JSONError) {
        let start = position
        let node = try open(.array)
        skipWhiteSpace(bytes)
        if position < bytes.count && bytes[position] == UInt8(ascii: "]") {
            position += 1
            close(node, count: 0)
            return
        }
        if let count = try scanNumberRun(bytes) {
            nodes[node].kind = .numbers
            close(node, count: count)
            return
        }
        position = start + 1
        var count = 0
        while true {
            path.append(.index(count))
            skipWhiteSpace(bytes)
            try parseValue(bytes)
            path.removeLast()
            count += 1
            skipWhiteSpace(bytes)
            guard position < bytes.count else { throw error(.unexpectedEnd) }
            let byte = bytes[position]
            if byte == UInt8(ascii: "]") {
                break
            }
            guard byte == UInt8(ascii: ",") else {
                throw error(.unexpectedByte(byte, expected: "',' or ']'"))
            }
            position += 1
        }
        position += 1
        close(node, count: count)
    }

    /// Reads the elements of an array as long as they are numbers.
    ///
    /// - Returns: How many there are, with `position` after the bracket, or nil when something
    ///   else is among them: then the caller starts the array again, which at most doubles the
    ///   work, since the numbers before a first other element belong to this array alone.
    private mutating func scanNumberRun(_ bytes: Span<UInt8>) throws(JSONError) -> Int? {
        let valuesBefore = values
        var count = 0
        while position < bytes.count {
            guard NumberLiteral.canStart(with: bytes[position]) else { break }
            runIndex = count
            try countValues(1)
            try scanNumber(bytes)
            count += 1
            skipWhiteSpace(bytes)
            guard position < bytes.count else { break }
            if bytes[position] == UInt8(ascii: "]") {
                position += 1
                runIndex = nil
                return count
            }
            guard bytes[position] == UInt8(ascii: ",") else { break }
            position += 1
            skipWhiteSpace(bytes)
        }
        values = valuesBefore
        runIndex = nil
        return nil
    }

    private mutating func parseObject(_ bytes: Span<UInt8>) throws(JSONError) {
        let node = try open(.object)
        skipWhiteSpace(bytes)
        if position < bytes.count && bytes[position] == UInt8(ascii: "}") {
            position += 1
            close(node, count: 0)
            return
        }
        var count = 0
        var keys: Set<[UInt8]> = []
        while true {
            skipWhiteSpace(bytes)
            guard position < bytes.count else { throw error(.unexpectedEnd) }
            guard bytes[position] == UInt8(ascii: "\"") else {
                throw error(.unexpectedByte(bytes[position], expected: "a key in quotes"))
            }
            let keyStart = position
            let keyNode = nodes.count
            try parseString(bytes)
            guard isNewKey(keyNode, after: count, of: node, &keys, bytes) else {
                position = keyStart
                throw error(.duplicateKey(keyText(keyNode, bytes)))
            }
            count += 1
            skipWhiteSpace(bytes)
            guard position < bytes.count else { throw error(.unexpectedEnd) }
            guard bytes[position] == UInt8(ascii: ":") else {
                throw error(.unexpectedByte(bytes[position], expected: "':'"))
            }
            position += 1
            path.append(.key(keyNode))
            skipWhiteSpace(bytes)
            try parseValue(bytes)
            path.removeLast()
            skipWhiteSpace(bytes)
            guard position < bytes.count else { throw error(.unexpectedEnd) }
            let byte = bytes[position]
            if byte == UInt8(ascii: "}") {
                break
            }
            guard byte == UInt8(ascii: ",") else {
                throw error(.unexpectedByte(byte, expected: "',' or '}'"))
            }
            position += 1
        }
        position += 1
        close(node, count: count)
    }

    /// Whether none of the first `count` keys of an object equals the one of `node`.
    private func isNewKey(
        _ node: Int,
        after count: Int,
        of object: Int,
        _ keys: inout Set<[UInt8]>,
        _ bytes: Span<UInt8>
    ) -> Bool {
        if count > Self.fewKeys {
            return keys.insert(JSONString.decode(nodes[node], in: bytes)).inserted
        }
        var other = object + 1
        for _ in 0..<count {
            if JSONString.areEqual(nodes[other], nodes[node], in: bytes) { return false }
            if count == Self.fewKeys { keys.insert(JSONString.decode(nodes[other], in: bytes)) }
            other = Int(nodes[other + 1].next)
        }
        if count == Self.fewKeys { keys.insert(JSONString.decode(nodes[node], in: bytes)) }
        return true
    }

    private func keyText(_ node: Int, _ bytes: Span<UInt8>) -> String {
        String(decoding: JSONString.decode(nodes[node], in: bytes).prefix(64), as: UTF8.self)
    }

    // MARK: Leaves

    private mutating func parseString(_ bytes: Span<UInt8>) throws(JSONError) {
        try countValues(1)
        let start = position + 1
        switch JSONString.scan(bytes, from: start) {
        case .success(let end, let isEscaped):
            position = end + 1
            append(isEscaped ? .escapedString : .string, offset: start, extent: end - start)
        case .failure(let reason, let offset):
            position = offset
            throw error(reason)
        }
    }

    private mutating func scanNumber(_ bytes: Span<UInt8>) throws(JSONError) {
        switch NumberLiteral.scan(bytes, from: position) {
        case .success(let end):
            position = end
        case .failure(let reason, let offset):
            position = offset
            throw error(reason)
        }
    }

    private mutating func skipWhiteSpace(_ bytes: Span<UInt8>) {
        while position < bytes.count {
            switch bytes[position] {
            case 0x20, 0x0A, 0x0D, 0x09: position += 1
            default: return
            }
        }
    }

    // MARK: Nodes

    private mutating func append(_ kind: JSONDocument.NodeKind, offset: Int, extent: Int) {
        // Offsets and counts fit: the input is bounded by `JSONLimits.bytes` < 2³².
        nodes.append(
            JSONDocument.Node(
                offset: UInt32(offset),
                extent: UInt32(extent),
                next: UInt32(nodes.count + 1),
                kind: kind
            )
        )
    }

    private mutating func open(_ kind: JSONDocument.NodeKind) throws(JSONError) -> Int {
        guard depth < limits.depth else { throw error(.tooDeep(limit: limits.depth)) }
        try countValues(1)
        depth += 1
        append(kind, offset: position, extent: 0)
        position += 1
        return nodes.count - 1
    }

    private mutating func close(_ node: Int, count: Int) {
        depth -= 1
        nodes[node].extent = UInt32(count)
        nodes[node].next = UInt32(nodes.count)
    }

    private mutating func countValues(_ count: Int) throws(JSONError) {
        values += count
        guard values <= limits.values else { throw error(.tooManyValues(limit: limits.values)) }
    }

    /// An error here; `parseDocument` adds the path.
    private func error(_ reason: JSONError.Reason) -> JSONError {
        JSONError(reason, offset: position, path: "")
    }

    /// The path to the value being read.
    private func pathText(_ bytes: Span<UInt8>) -> String {
        var text = ""
        for step in path {
            switch step {
            case .index(let index): text += "[\(index)]"
            case .key(let node): text += (text.isEmpty ? "" : ".") + keyText(node, bytes)
            }
        }
        if let runIndex {
            text += "[\(runIndex)]"
        }
        return text
    }
}
