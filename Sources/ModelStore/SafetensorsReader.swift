public import Estimators
import StrictJSON

/// A safetensors file in memory, its layout checked; tensors are copied out one by one.
///
///     u64 little-endian N | N bytes of JSON | data
///
/// Nothing in the file is trusted: see <doc:FileFormat> for the rules and what breaks them.
public struct SafetensorsReader: Sendable {
    /// The longest header accepted, the limit of the format.
    public static let headerLimitBytes = 100_000_000
    /// The most tensors accepted.
    public static let tensorLimit = 65_536

    /// The strings of `__metadata__`.
    public let metadata: [String: String]
    /// The names of the tensors, in the order of their data.
    public let names: [String]

    private struct Entry {
        var shape: [Int]
        var start: Int
        var end: Int
    }

    private let bytes: [UInt8]
    private let dataStart: Int
    private let entries: [String: Entry]

    /// Checks a file's layout.
    ///
    /// - Throws: `ModelFileError` naming the first rule that is broken.
    public init(_ bytes: [UInt8]) throws(ModelFileError) {
        let headerEnd = try Self.headerEnd(bytes)
        let document: JSONDocument
        do throws(JSONError) {
            document = try JSONDocument(
                parsing: Array(bytes[8..<headerEnd]),
                limits: JSONLimits(bytes: Self.headerLimitBytes)
            )
        } catch {
            throw .invalidJSON(part: "header", error)
        }
        guard document.root.kind == .object, bytes[8] == UInt8(ascii: "{") else {
            throw .invalidLayout("the header does not start with {")
        }
        var metadata: [String: String] = [:]
        var entries: [String: Entry] = [:]
        for member in document.root.members {
            if member.name == "__metadata__" {
                metadata = try Self.strings(member.value)
            } else {
                guard entries.count < Self.tensorLimit else {
                    throw .invalidLayout("more than \(Self.tensorLimit) tensors")
                }
                guard member.name.utf8.count <= 256 else {
                    throw .invalidLayout("a tensor name is longer than 256 bytes")
                }
                entries[member.name] = try Self.entry(member)
            }
        }
        let ordered = entries.sorted { ($0.value.start, $0.key) < ($1.value.start, $1.key) }
        var position = 0
        for (name, entry) in ordered {
            guard entry.start == position else {
                throw .invalidTensor(
                    name: name,
                    reason: "its data start at \(entry.start), "
                        + (entry.start < position ? "inside another tensor" : "after a hole")
                )
            }
            position = entry.end
        }
        let dataBytes = bytes.count - headerEnd
        guard position <= dataBytes else {
            throw .truncated(part: "data", expectedBytes: position, foundBytes: dataBytes)
        }
        guard position == dataBytes else {
            throw .invalidLayout("\(dataBytes - position) bytes follow the last tensor")
        }
        self.bytes = bytes
        self.metadata = metadata
        self.entries = entries
        names = ordered.map(\.key)
        dataStart = headerEnd
    }

    /// Copies a tensor out.
    ///
    /// - Throws: `ModelFileError` when there is none of that name, or when a value is NaN or
    ///   infinite.
    public func tensor(named name: String) throws(ModelFileError) -> Tensor {
        guard let entry = entries[name] else {
            throw .invalidTensor(name: name, reason: "there is none of this name")
        }
        var values: [Float] = []
        values.reserveCapacity((entry.end - entry.start) / 4)
        let bytes = bytes.span
        var position = dataStart + entry.start
        while position < dataStart + entry.end {
            let bits =
                UInt32(bytes[position]) | UInt32(bytes[position + 1]) << 8
                | UInt32(bytes[position + 2]) << 16 | UInt32(bytes[position + 3]) << 24
            let value = Float(bitPattern: bits)
            guard value.isFinite else {
                throw .invalidTensor(
                    name: name,
                    reason: "the value at index \(values.count) is \(value)"
                )
            }
            values.append(value)
            position += 4
        }
        return Tensor(shape: entry.shape, values: values)
    }

    private static func headerEnd(_ bytes: [UInt8]) throws(ModelFileError) -> Int {
        guard bytes.count >= 8 else {
            throw .truncated(part: "header length", expectedBytes: 8, foundBytes: bytes.count)
        }
        var length: UInt64 = 0
        for index in 0..<8 {
            length |= UInt64(bytes[index]) << UInt64(8 * index)
        }
        guard length >= 2 && length <= UInt64(headerLimitBytes) else {
            throw .invalidLayout(
                "the header length is \(length), allowed are 2 to \(headerLimitBytes)"
            )
        }
        let end = 8 + Int(length)
        guard end <= bytes.count else {
            throw .truncated(part: "header", expectedBytes: end, foundBytes: bytes.count)
        }
        return end
    }

    private static func strings(_ value: JSONValue) throws(ModelFileError) -> [String: String] {
        guard value.kind == .object else {
            throw .invalidLayout("__metadata__ is not an object")
        }
        var strings: [String: String] = [:]
        for member in value.members {
            guard let string = member.value.string else {
                throw .invalidLayout("__metadata__ holds something else than strings")
            }
            strings[member.name] = string
        }
        return strings
    }

    private static func entry(_ member: JSONValue.Member) throws(ModelFileError) -> Entry {
        let name = member.name
        var type: String?
        var shape: [Int] = []
        var offsets: [Int] = []
        do throws(JSONFieldError) {
            let fields = try JSONField(member.value, path: "").object()
            try fields.refuseOthers(than: ["dtype", "shape", "data_offsets"])
            type = try fields.required("dtype", expected: "\"F32\"").string()
            shape = try fields.required("shape", expected: "a list of integers")
                .integers(in: 0...Int.max)
            offsets = try fields.required("data_offsets", expected: "two integers")
                .integers(in: 0...Int.max)
        } catch {
            throw .invalidTensor(name: name, reason: error.description)
        }
        guard type == "F32" else {
            throw .invalidTensor(name: name, reason: "dtype \(type ?? "") is not F32")
        }
        guard offsets.count == 2, offsets[0] <= offsets[1] else {
            throw .invalidTensor(name: name, reason: "data_offsets are not [begin, end]")
        }
        guard shape.count <= 8 else {
            throw .invalidTensor(name: name, reason: "more than 8 axes")
        }
        var size = 4
        for extent in shape {
            let (product, overflow) = size.multipliedReportingOverflow(by: extent)
            guard !overflow else {
                throw .invalidTensor(name: name, reason: "shape \(shape) is too large")
            }
            size = product
        }
        guard size == offsets[1] - offsets[0] else {
            throw .invalidTensor(
                name: name,
                reason: "shape \(shape) takes \(size) bytes, data_offsets give "
                    + "\(offsets[1] - offsets[0])"
            )
        }
        return Entry(shape: shape, start: offsets[0], end: offsets[1])
    }
}
