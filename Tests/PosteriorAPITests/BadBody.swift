import Testing

/// A body that must be refused, and what the answer must say.
struct BadBody: Sendable, CustomTestStringConvertible {
    let body: String
    let code: String
    let field: String?
    /// Parts of the message: what was expected and what came.
    let parts: [String]

    init(_ body: String, _ code: String, _ field: String?, _ parts: String...) {
        self.body = body
        self.code = code
        self.field = field
        self.parts = parts
    }

    var testDescription: String { String(body.prefix(80)) }
}
