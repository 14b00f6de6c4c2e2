/// A parsed JSON text: the bytes, and one 16-byte node for each value.
///
/// An array that holds nothing but numbers is a single node, however long it is; its numbers are
/// converted straight from the text when they are asked for, so a matrix of a million numbers
/// never becomes a million boxes, and a number that no `Double` can hold stays a fact about that
/// number rather than about the document.
public struct JSONDocument: Sendable {
    /// What a node stands for.
    enum NodeKind: UInt8, Sendable {
        case null
        case `false`
        case `true`
        case number
        /// A string without escapes; `extent` is its length in bytes.
        case string
        /// A string with at least one escape; `extent` is its length in bytes as written.
        case escapedString
        /// An array of numbers alone; `extent` is how many there are, at least one.
        case numbers
        /// Any other array; `extent` is how many elements there are.
        case array
        /// An object; `extent` is how many members there are, each a key node and a value node.
        case object
    }

    /// One value: where its text starts, and where the node after its last descendant is.
    struct Node: Sendable {
        /// For a string the first byte after the quote, else the first byte.
        var offset: UInt32
        var extent: UInt32
        var next: UInt32
        var kind: NodeKind
    }

    /// What every value of a document shares.
    final class Storage: Sendable {
        let bytes: [UInt8]
        let nodes: [Node]

        init(bytes: [UInt8], nodes: [Node]) {
            self.bytes = bytes
            self.nodes = nodes
        }
    }

    let storage: Storage

    /// Parses a complete text by the grammar of RFC 8259, and nothing more lenient.
    ///
    /// Beyond the grammar these are refused: duplicate keys, ill-formed UTF-8, escapes that name
    /// half a surrogate pair, a byte order mark, and whatever passes `limits`.
    ///
    /// *Complexity*: O(*n*) time; at most 16 bytes of memory for each value beside the text.
    ///
    /// - Parameters:
    ///   - bytes: The text.
    ///   - limits: Bounds on depth, length and number of values.
    /// - Throws: `JSONError` with the rule, the byte and the path of the value being read.
    public init(parsing bytes: [UInt8], limits: JSONLimits = JSONLimits()) throws(JSONError) {
        var parser = JSONParser(limits: limits)
        try parser.parseDocument(bytes.span)
        storage = Storage(bytes: bytes, nodes: parser.nodes)
    }

    /// The value of the whole text.
    public var root: JSONValue { JSONValue(storage: storage, node: 0) }
}
