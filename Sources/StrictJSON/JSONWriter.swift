/// Writes JSON straight into bytes.
///
/// Arrays and objects are opened and closed by hand, commas and colons come by themselves:
///
///     var writer = JSONWriter()
///     writer.beginObject()
///     writer.key("trace")
///     writer.number(Float(1.5))
///     writer.key("samples")
///     writer.rows(theta.span, columns: 2)
///     writer.endObject()
///     send(writer.finish())
///
/// *Numbers*: a `Float` or `Double` is written with the fewest digits that read back to the same
/// value, always with a decimal point or an exponent, so that readers that tell integers from
/// floats see one type in an array; −0 keeps its sign. JSON has no word for NaN and infinities:
/// they are written as `null`, and callers for whom that would hide something check beforehand.
public struct JSONWriter: Sendable {
    /// The text so far is `storage[..<used]`; what lies after it is spare room.
    private var storage: [UInt8]
    private var used = 0
    /// Whether the next value in this container follows another.
    private var needsComma = false

    /// Makes a writer with room for `capacity` bytes; it grows as needed.
    public init(capacity: Int = 1024) {
        storage = Array(repeating: 0, count: max(capacity, 64))
    }

    /// The text; call once everything that was opened is closed.
    public consuming func finish() -> [UInt8] {
        storage.removeLast(storage.count - used)
        return storage
    }

    // MARK: Structure

    /// Opens an object.
    public mutating func beginObject() { open(UInt8(ascii: "{")) }

    /// Closes the innermost object.
    public mutating func endObject() { close(UInt8(ascii: "}")) }

    /// Opens an array.
    public mutating func beginArray() { open(UInt8(ascii: "[")) }

    /// Closes the innermost array.
    public mutating func endArray() { close(UInt8(ascii: "]")) }

    /// Writes the name of the member whose value comes next.
    public mutating func key(_ name: String) {
        string(name)
        append(UInt8(ascii: ":"))
        needsComma = false
    }

    // MARK: Values

    /// Writes `null`.
    public mutating func null() { literal("null") }

    /// Writes `true` or `false`.
    public mutating func boolean(_ value: Bool) { literal(value ? "true" : "false") }

    /// Writes a whole number.
    public mutating func integer(_ value: some FixedWidthInteger) { literal(String(value)) }

    /// Writes a number; `null` when it is not finite.
    public mutating func number(_ value: Float) {
        separate()
        reserve(FloatText.maximumBytes)
        let powers = ShortestDecimal.powersOfTen
        let start = used
        var bytes = storage.mutableSpan
        let end = FloatText.write(value, powers: powers.span, to: &bytes, at: start)
        used = end
    }

    /// Writes a number; `null` when it is not finite.
    public mutating func number(_ value: Double) {
        // The standard library's shortest form always has a point or an exponent.
        literal(value.isFinite ? value.description : "null")
    }

    /// Writes a string.
    public mutating func string(_ value: String) {
        separate()
        // The longest escape has six bytes.
        reserve(6 * value.utf8.count + 2)
        var end = used
        var span = storage.mutableSpan
        Self.put(UInt8(ascii: "\""), to: &span, at: &end)
        for byte in value.utf8 {
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"):
                Self.put(UInt8(ascii: "\\"), to: &span, at: &end)
                Self.put(byte, to: &span, at: &end)
            case 0x0A:
                Self.put(UInt8(ascii: "\\"), to: &span, at: &end)
                Self.put(UInt8(ascii: "n"), to: &span, at: &end)
            case 0..<0x20, 0x7F:
                for letter in "\\u00".utf8 { Self.put(letter, to: &span, at: &end) }
                Self.put(Self.hexadecimalDigit(byte >> 4), to: &span, at: &end)
                Self.put(Self.hexadecimalDigit(byte & 15), to: &span, at: &end)
            default:
                Self.put(byte, to: &span, at: &end)
            }
        }
        Self.put(UInt8(ascii: "\""), to: &span, at: &end)
        used = end
    }

    /// Copies a value that is JSON already.
    public mutating func raw(_ json: some Collection<UInt8>) {
        separate()
        reserve(json.count)
        for byte in json {
            storage[used] = byte
            used += 1
        }
    }

    // MARK: Arrays of numbers

    /// Writes an array of numbers; `null` stands for those that are not finite.
    public mutating func numbers(_ values: Span<Float>) {
        separate()
        reserve(values.count * FloatText.maximumBytes + 3)
        write(values, columns: values.count)
    }

    /// Writes an array of numbers; `null` stands for those that are not finite.
    public mutating func numbers(_ values: [Double]) {
        beginArray()
        for value in values {
            number(value)
        }
        endArray()
    }

    /// Writes a matrix as an array of its rows.
    ///
    /// - Parameters:
    ///   - values: The entries, row by row.
    ///   - columns: How many entries a row has, at least one.
    public mutating func rows(_ values: Span<Float>, columns: Int) {
        precondition(
            columns > 0 && values.count.isMultiple(of: columns),
            "\(values.count) numbers are no rows of \(columns)"
        )
        beginArray()
        let rowsAtOnce = max(1, 1024 / columns)
        var row = 0
        while row < values.count / columns {
            let end = min(row + rowsAtOnce, values.count / columns)
            let entries = values.extracting(row * columns..<end * columns)
            separate()
            reserve(entries.count * FloatText.maximumBytes + 3 * (end - row))
            write(entries, columns: columns)
            row = end
        }
        endArray()
    }

    /// Writes an array of whole numbers.
    public mutating func integers(_ values: [Int]) {
        beginArray()
        for value in values {
            integer(value)
        }
        endArray()
    }

    /// Writes an array of strings.
    public mutating func strings(_ values: [String]) {
        beginArray()
        for value in values {
            string(value)
        }
        endArray()
    }

    /// Writes rows with commas between them; no values are one empty row.
    private mutating func write(_ values: Span<Float>, columns: Int) {
        let table = ShortestDecimal.powersOfTen
        let powers = table.span
        var position = used
        var bytes = storage.mutableSpan
        var row = 0
        repeat {
            bytes[position] = UInt8(ascii: "[")
            position += 1
            for index in row..<row + columns {
                position = FloatText.write(values[index], powers: powers, to: &bytes, at: position)
                bytes[position] = UInt8(ascii: ",")
                position += 1
            }
            // The bracket takes the place of the last comma.
            position -= columns > 0 ? 1 : 0
            bytes[position] = UInt8(ascii: "]")
            bytes[position + 1] = UInt8(ascii: ",")
            position += 2
            row += columns
        } while row < values.count
        used = position - 1
    }

    // MARK: Bytes

    private mutating func open(_ byte: UInt8) {
        separate()
        append(byte)
        needsComma = false
    }

    private mutating func close(_ byte: UInt8) {
        append(byte)
        needsComma = true
    }

    private mutating func separate() {
        if needsComma {
            append(UInt8(ascii: ","))
        }
        needsComma = true
    }

    private mutating func literal(_ text: String) {
        separate()
        append(contentsOf: text)
    }

    private mutating func append(contentsOf text: String) {
        for byte in text.utf8 {
            append(byte)
        }
    }

    private mutating func append(_ byte: UInt8) {
        reserve(1)
        storage[used] = byte
        used += 1
    }

    /// Makes sure that `count` more bytes fit.
    private mutating func reserve(_ count: Int) {
        guard storage.count - used < count else { return }
        let room = max(storage.count, count)
        storage.append(contentsOf: repeatElement(0, count: room))
    }

    private static func put(
        _ byte: UInt8,
        to span: inout MutableSpan<UInt8>,
        at position: inout Int
    ) {
        span[position] = byte
        position += 1
    }

    private static func hexadecimalDigit(_ value: UInt8) -> UInt8 {
        value < 10 ? UInt8(ascii: "0") + value : UInt8(ascii: "a") + value - 10
    }
}
