import StrictJSON

/// A JSON Schema of draft 2020-12, as OpenAPI 3.1 has it, in its text.
struct Schema {
    /// The keywords and the text of their values.
    private var keywords: [(name: String, json: String)]

    private init(_ keywords: [(String, String)]) {
        self.keywords = keywords.map { (name: $0, json: $1) }
    }

    /// The schema as JSON.
    var json: String {
        "{" + keywords.map { "\(quoted($0.name)):\($0.json)" }.joined(separator: ",") + "}"
    }

    /// The schema with a sentence about what it is for.
    func about(_ description: String) -> Schema {
        var schema = self
        schema.keywords.append(("description", quoted(description)))
        return schema
    }

    /// The same schema, written so that generators of test data do not take values from answers.
    ///
    /// How many numbers an observation has depends on the model, which no schema of a request can
    /// say. A generator that took the names of models from here would hold the refusal of what does
    /// not fit a model against the document.
    var unlinked: Schema { Schema([("type", #""object""#), ("if", "true"), ("then", json)]) }

    /// What the schema allows, or null: null counts as left out wherever something may be.
    var orNull: Schema { .any([self, .null]) }
}

// MARK: Kinds

extension Schema {
    static let null = Schema([("type", #""null""#)])
    static let boolean = Schema([("type", #""boolean""#)])
    static let text = Schema([("type", #""string""#)])
    static let anyObject = Schema([("type", #""object""#)])
    /// A finite number, or null where it would be none.
    static let numberOrNull = Schema([("type", #"["number","null"]"#)])
    static let number = Schema([("type", #""number""#)])

    static func text(_ values: [String]) -> Schema {
        Schema([("type", #""string""#), ("enum", list(values.map(quoted)))])
    }

    static func text(pattern: String, longest: Int) -> Schema {
        Schema([
            ("type", #""string""#), ("pattern", quoted(pattern)), ("maxLength", String(longest)),
        ])
    }

    static func integer(from least: Int, to most: UInt64? = nil) -> Schema {
        var keywords = [("type", #""integer""#), ("minimum", String(least))]
        if let most { keywords.append(("maximum", String(most))) }
        return Schema(keywords)
    }

    /// A number with bounds; those that are `open` do not belong to it.
    static func number(
        above: Double? = nil,
        from: Double? = nil,
        below: Double? = nil,
        to: Double? = nil
    ) -> Schema {
        let bounds = [
            ("exclusiveMinimum", above), ("minimum", from), ("exclusiveMaximum", below),
            ("maximum", to),
        ]
        return Schema(
            [("type", #""number""#)]
                + bounds.compactMap { name, bound in bound.map { (name, "\($0)") } }
        )
    }

    static func list(of element: Schema, least: Int = 0, most: Int? = nil) -> Schema {
        var keywords = [("type", #""array""#), ("items", element.json)]
        if least > 0 { keywords.append(("minItems", String(least))) }
        if let most { keywords.append(("maxItems", String(most))) }
        return Schema(keywords)
    }

    /// A list of anything.
    static func anyList(least: Int) -> Schema {
        Schema([("type", #""array""#), ("minItems", String(least))])
    }

    /// Several things, at least one of them no number: what is wrong with one of them is said of it
    /// alone, in its place in the answer.
    static func batch(most: Int) -> Schema {
        Schema([
            ("type", #""array""#), ("minItems", "2"), ("maxItems", String(most)),
            ("contains", #"{"not":{"type":"number"}}"#),
        ])
    }

    /// A list whose elements differ from each other.
    static func set(of element: Schema, most: Int) -> Schema {
        var schema = list(of: element, most: most)
        schema.keywords.append(("uniqueItems", "true"))
        return schema
    }

    /// An object of values whose names are not known beforehand.
    static func map(of value: Schema) -> Schema {
        Schema([("type", #""object""#), ("additionalProperties", value.json)])
    }

    /// An object with these fields and no others, unless it is `open`.
    static func object(
        required: [(String, Schema)] = [],
        optional: [(String, Schema)] = [],
        isOpen: Bool = false
    ) -> Schema {
        let fields = (required + optional).map { "\(quoted($0.0)):\($0.1.json)" }
        var keywords = [
            ("type", #""object""#), ("properties", "{" + fields.joined(separator: ",") + "}"),
        ]
        if !required.isEmpty { keywords.append(("required", list(required.map { quoted($0.0) }))) }
        if !isOpen { keywords.append(("additionalProperties", "false")) }
        return Schema(keywords)
    }

    static func any(_ schemas: [Schema]) -> Schema {
        Schema([("anyOf", list(schemas.map(\.json)))])
    }

    /// The schema of this name among the document's components.
    static func named(_ name: String) -> Schema {
        Schema([("$ref", quoted("#/components/schemas/\(name)"))])
    }

    /// The schema, of which exactly one of two fields has to be there.
    func withEither(_ one: String, _ other: String) -> Schema {
        var schema = self
        let branches = [(one, other), (other, one)].map { present, absent in
            "{\"required\":[\(quoted(present))],\"properties\":{\(quoted(present)):"
                + "{\"not\":{\"type\":\"null\"}},\(quoted(absent)):{\"type\":\"null\"}}}"
        }
        schema.keywords.append(("oneOf", Self.list(branches)))
        return schema
    }

    private static func list(_ values: [String]) -> String {
        "[" + values.joined(separator: ",") + "]"
    }
}

/// A text as JSON writes it.
func quoted(_ text: String) -> String {
    var writer = JSONWriter(capacity: text.utf8.count + 16)
    writer.string(text)
    return String(decoding: writer.finish(), as: UTF8.self)
}
