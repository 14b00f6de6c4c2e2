import HTTPTypes

/// Which `Content-Type` a request may have.
///
/// `application/json`, with `charset=utf-8` or none; no type at all; and
/// `application/x-www-form-urlencoded`, because that is what `curl -d` says of the JSON it sends:
/// refusing it would only make every newcomer's first request fail.
enum MediaType {
    private static let json = "application/json"

    /// Refuses any other type.
    ///
    /// - Parameters:
    ///   - request: What is asked.
    ///   - others: Types beyond these that the route takes, without parameters.
    /// - Throws: `APIError` naming the type.
    static func check(_ request: HTTPRequest, or others: [String] = []) throws(APIError) {
        for field in request.headerFields where field.name == .contentType {
            if field.value == json || others.contains(field.value.lowercased()) {
                continue
            }
            try check(field.value, or: others)
        }
    }

    /// Refuses what `curl -d` says of its JSON, too: a request that is binary under a wrong type
    /// must not be taken for JSON.
    static func checkStrictly(_ request: HTTPRequest) throws(APIError) {
        for field in request.headerFields where field.name == .contentType {
            let type = trimmed(field.value.split(separator: ";").first ?? "")
            let types = [json, "application/octet-stream"]
            guard types.contains(type) else {
                throw .unsupportedMediaType(found: printable(field.value), expected: types)
            }
        }
    }

    private static func check(_ value: String, or others: [String]) throws(APIError) {
        var parts = value.split(separator: ";", omittingEmptySubsequences: false)
        let type = trimmed(parts.removeFirst())
        var isAccepted =
            type.isEmpty || type == json
            || type == "application/x-www-form-urlencoded"
        for part in parts {
            let parameter = trimmed(part).split(separator: "=", maxSplits: 1)
            if parameter.count == 2, parameter[0] == "charset" {
                let charset = parameter[1].filter { $0 != "\"" }
                isAccepted = isAccepted && charset == "utf-8"
            }
        }
        guard isAccepted else {
            throw .unsupportedMediaType(found: printable(value), expected: [json] + others)
        }
    }

    private static func trimmed(_ text: Substring) -> String {
        let isSpace = { (byte: UInt8) in byte == 0x20 || byte == 0x09 }
        var bytes = text.utf8.drop(while: isSpace)
        while let last = bytes.last, isSpace(last) {
            bytes.removeLast()
        }
        return String(Substring(bytes)).lowercased()
    }

    private static func printable(_ value: String) -> String {
        String(value.unicodeScalars.prefix(64).map { $0.isASCII ? Character($0) : "?" })
    }
}
