import HTTPTypes
import NumericArrays
import StrictJSON

/// A request whose body is an array of observations in NumPy's format.
///
/// *Reference*: NEP 1, A Simple File Format for NumPy Arrays.
enum NPYRequest {
    /// The media type of the format, by custom.
    static let mediaType = "application/x-npy"

    /// Whether a request says that its body is such an array.
    static func isOne(_ request: HTTPRequest) -> Bool {
        request.headerFields[.contentType]?.lowercased() == mediaType
    }

    /// Reads the array.
    static func array(
        _ body: [UInt8],
        _ limits: ServiceLimits
    ) throws(APIError) -> NumericArray {
        do throws(FormatProblem) {
            return try NumericArray(npy: body, mostNumbers: limits.numbers)
        } catch {
            throw .invalidArray(reason: error.reason)
        }
    }

    /// The parameters in the query, as the object that a JSON body would be.
    ///
    /// Whole numbers, `true` and `false` are themselves, all else is a string, and nothing is
    /// percent-decoded, since no parameter needs it.
    static func parameters(_ request: HTTPRequest) throws(APIError) -> JSONDocument {
        var writer = JSONWriter()
        writer.beginObject()
        let target = (request.path ?? "").split(separator: "?", maxSplits: 1)
        for pair in (target.count == 2 ? target[1] : "").split(separator: "&") {
            let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            writer.key(String(parts[0]))
            let text = parts.count == 2 ? parts[1] : ""
            let isNumber =
                text == "0"
                || text.first.map { ("1"..."9").contains($0) } == true
                    && text.utf8.allSatisfy { (0x30...0x39).contains($0) }
            if isNumber || text == "true" || text == "false" {
                writer.raw(text.utf8)
            } else {
                writer.string(String(text))
            }
        }
        writer.endObject()
        do throws(JSONError) {
            return try JSONDocument(parsing: writer.finish())
        } catch {
            throw .invalidJSON(error)
        }
    }
}
