/// One value of a parsed document: a light view that keeps the document alive.
public struct JSONValue: Sendable {
    /// The six types of JSON.
    public enum Kind: String, Sendable {
        /// The literal `null`.
        case null
        /// `true` or `false`.
        case boolean
        /// A number, whatever its size.
        case number
        /// A string.
        case string
        /// An array.
        case array
        /// An object.
        case object
    }

    /// A name and its value in an object.
    public struct Member: Sendable {
        /// The name, escapes resolved.
        public let name: String
        /// What stands after the colon.
        public let value: JSONValue
    }

    let storage: JSONDocument.Storage
    /// The node, or −1 for a number inside an array of numbers, which has none of its own.
    let nodeIndex: Int
    /// Where the value starts, in bytes from the start of the text.
    public let offset: Int

    init(storage: JSONDocument.Storage, node: Int) {
        self.storage = storage
        nodeIndex = node
        offset = Int(storage.nodes[node].offset)
    }

    init(storage: JSONDocument.Storage, numberAt offset: Int) {
        self.storage = storage
        nodeIndex = -1
        self.offset = offset
    }

    private var node: JSONDocument.Node? { nodeIndex < 0 ? nil : storage.nodes[nodeIndex] }

    /// Reads the number this value is, or returns nil for any other value.
    private func number<Value>(_ read: (NumberLiteral, Span<UInt8>) -> Value?) -> Value? {
        guard kind == .number else { return nil }
        let bytes = storage.bytes
        return read(NumberLiteral(bytes.span, at: offset), bytes.span)
    }

    /// Which type of value this is.
    public var kind: Kind {
        switch node?.kind {
        case nil, .number: .number
        case .null: .null
        case .true, .false: .boolean
        case .string, .escapedString: .string
        case .numbers, .array: .array
        case .object: .object
        }
    }

    /// The value of a boolean, else nil.
    public var boolean: Bool? {
        switch node?.kind {
        case .true: true
        case .false: false
        default: nil
        }
    }

    /// The value of a string, escapes resolved, else nil.
    public var string: String? {
        guard let node, kind == .string else { return nil }
        let bytes = storage.bytes
        return JSONString.text(node, in: bytes.span)
    }

    /// The `Double` nearest to a number, infinite when it is out of range, else nil.
    public var double: Double? { number { $0.double($1) } }

    /// The `Float` nearest to a number, infinite when it is out of range, else nil.
    ///
    /// *Rounding*: from the decimal text in one step, never through `Double`.
    public var float: Float? { number { $0.float($1) } }

    /// The exact value of a whole number, else nil; `1e3` and `1000.0` are the whole number 1000.
    public func integer<Integer: FixedWidthInteger>(
        as type: Integer.Type = Integer.self
    )
        -> Integer?
    {
        number { $0.integer($1) }
    }

    /// How many elements an array or members an object has, else 0.
    public var count: Int {
        switch kind {
        case .array, .object: Int(node?.extent ?? 0)
        default: 0
        }
    }

    /// Whether this is an array, not empty, that holds nothing but numbers.
    public var isNumberArray: Bool { node?.kind == .numbers }

    /// The elements of an array, in order, else empty.
    public var elements: [JSONValue] {
        guard let node, kind == .array else { return [] }
        var elements: [JSONValue] = []
        elements.reserveCapacity(Int(node.extent))
        if node.kind == .numbers {
            forEachNumber { literal, _ in
                elements.append(JSONValue(storage: storage, numberAt: literal.start))
                return true
            }
        } else {
            var index = nodeIndex + 1
            for _ in 0..<node.extent {
                elements.append(JSONValue(storage: storage, node: index))
                index = Int(storage.nodes[index].next)
            }
        }
        return elements
    }

    /// The members of an object, in order, else empty.
    public var members: [Member] {
        var members: [Member] = []
        members.reserveCapacity(kind == .object ? count : 0)
        _ = firstMember { key, _ in
            let name = JSONValue(storage: storage, node: key).string ?? ""
            members.append(Member(name: name, value: JSONValue(storage: storage, node: key + 1)))
            return false
        }
        return members
    }

    /// The value of the member with this name, compared by bytes, else nil.
    public func member(_ name: String) -> JSONValue? {
        firstMember { key, bytes in JSONString.equals(storage.nodes[key], name, in: bytes) }
            .map { JSONValue(storage: storage, node: $0 + 1) }
    }

    /// The name of the first member that is called none of `names`, else nil.
    func nameOfMember(otherThan names: [String]) -> String? {
        firstMember { key, bytes in
            for name in names where JSONString.equals(storage.nodes[key], name, in: bytes) {
                return false
            }
            return true
        }
        .flatMap { JSONValue(storage: storage, node: $0).string }
    }

    /// The key node of the first member that fits; a key's node is followed by its value's.
    private func firstMember(_ fits: (Int, Span<UInt8>) -> Bool) -> Int? {
        guard let node, node.kind == .object else { return nil }
        let text = storage.bytes
        let bytes = text.span
        var index = nodeIndex + 1
        for _ in 0..<node.extent {
            if fits(index, bytes) { return index }
            index = Int(storage.nodes[index + 1].next)
        }
        return nil
    }

    /// The text of the value as it was written.
    public var text: [UInt8] {
        Array(storage.bytes[textRange])
    }

    /// The start of the text on one line, at most 40 bytes, for an error message.
    public var excerpt: String {
        let range = textRange
        let head = storage.bytes[range].prefix(40)
        var text = ""
        for scalar in String(decoding: head, as: UTF8.self).unicodeScalars {
            text.unicodeScalars.append(scalar.value < 0x20 || scalar.value == 0x7F ? " " : scalar)
        }
        return head.count < range.count ? text + "…" : text
    }

    private var textRange: Range<Int> {
        guard let node else {
            return offset..<(number { literal, _ in literal.end } ?? offset)
        }
        switch node.kind {
        case .string, .escapedString: return offset - 1..<offset + Int(node.extent) + 1
        case .numbers, .array, .object: return offset..<endOfContainer(at: nodeIndex)
        default: return offset..<offset + Int(node.extent)
        }
    }

    /// The byte after the closing bracket of an array or object, found from its last descendant.
    private func endOfContainer(at index: Int) -> Int {
        let bytes = storage.bytes
        var position = offset
        var depth = 0
        var isInString = false
        while position < bytes.count {
            let byte = bytes[position]
            position += 1
            if isInString {
                if byte == UInt8(ascii: "\\") {
                    position += 1
                } else if byte == UInt8(ascii: "\"") {
                    isInString = false
                }
                continue
            }
            switch byte {
            case UInt8(ascii: "\""): isInString = true
            case UInt8(ascii: "["), UInt8(ascii: "{"): depth += 1
            case UInt8(ascii: "]"), UInt8(ascii: "}"):
                depth -= 1
                if depth == 0 {
                    return position
                }
            default: break
            }
        }
        return position
    }

    // MARK: Arrays of numbers

    /// An element of an array that is not the number that was asked for.
    public struct NumberProblem: Error, Sendable {
        /// Its index in the array.
        public let index: Int
        /// The element: another type of value, or a number out of range.
        public let value: JSONValue
    }

    /// Appends the elements of an array of numbers, each rounded once to `Float`.
    ///
    /// - Throws: `NumberProblem` for the first element that is not a number or that is too large
    ///   for a `Float`; what was appended before stays.
    public func appendFloats(to values: inout [Float]) throws(NumberProblem) {
        try checkNumbers()
        if values.isEmpty { values.reserveCapacity(count) }
        var outOfRange: NumberLiteral?
        var index = 0
        forEachNumber { literal, bytes in
            let value = literal.float(bytes)
            guard value.isFinite else {
                outOfRange = literal
                return false
            }
            values.append(value)
            index += 1
            return true
        }
        if let outOfRange {
            let value = JSONValue(storage: storage, numberAt: outOfRange.start)
            throw NumberProblem(index: index, value: value)
        }
    }

    /// The elements of an array of numbers as `Double`.
    ///
    /// - Throws: `NumberProblem` for the first element that is not a number or is out of range.
    public func doubles() throws(NumberProblem) -> [Double] {
        try checkNumbers()
        var values: [Double] = []
        values.reserveCapacity(count)
        for (index, element) in elements.enumerated() {
            guard let value = element.double, value.isFinite else {
                throw NumberProblem(index: index, value: element)
            }
            values.append(value)
        }
        return values
    }

    private func checkNumbers() throws(NumberProblem) {
        guard node?.kind == .array else { return }
        for (index, element) in elements.enumerated() where element.kind != .number {
            throw NumberProblem(index: index, value: element)
        }
    }

    /// Visits the numbers of an array of numbers, in order, until `body` returns false.
    private func forEachNumber(_ body: (NumberLiteral, Span<UInt8>) -> Bool) {
        guard let node, node.kind == .numbers else { return }
        let text = storage.bytes
        let bytes = text.span
        var position = offset + 1
        for _ in 0..<node.extent {
            while !NumberLiteral.canStart(with: bytes[position]) {
                position += 1
            }
            let literal = NumberLiteral(bytes, at: position)
            guard body(literal, bytes) else { return }
            position = literal.end
        }
    }
}
