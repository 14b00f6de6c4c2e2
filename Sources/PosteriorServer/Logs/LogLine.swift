import HTTPMessages
import OperatingSystem
import StrictJSON

/// How lines of the log look.
enum LogFormat: String, CaseIterable, Sendable {
    /// Text where a person reads it, else JSON.
    case auto
    case text
    case json
}

/// A line of the log being put together: names and values, in either format.
struct LogLine {
    private var writer: JSONWriter?
    private var text: [UInt8] = []

    /// Begins a line with the time, its level and what it is about.
    init(json: Bool, level: String, message: String) {
        let time = Timestamp.text(millisecondsSinceEpoch: WallClock.milliseconds)
        guard json else {
            text.reserveCapacity(256)
            text.append(contentsOf: "\(time) \(level) ".utf8)
            Self.append(message, to: &text, quoting: false)
            return
        }
        var writer = JSONWriter(capacity: 512)
        writer.beginObject()
        writer.key("time")
        writer.string(time)
        writer.key("level")
        writer.string(level)
        writer.key("message")
        writer.string(message)
        self.writer = writer
    }

    /// Adds a value that is a text from anywhere.
    mutating func add(_ name: String, _ value: String?) {
        guard let value else { return }
        if writer != nil {
            writer?.key(name)
            writer?.string(value)
        } else {
            text.append(contentsOf: " \(name)=".utf8)
            Self.append(value, to: &text, quoting: true)
        }
    }

    /// Adds a whole number.
    mutating func add(_ name: String, _ value: Int?) {
        guard let value else { return }
        if writer != nil {
            writer?.key(name)
            writer?.integer(value)
        } else {
            text.append(contentsOf: " \(name)=\(value)".utf8)
        }
    }

    /// Adds a duration in milliseconds, to the microsecond.
    mutating func add(milliseconds name: String, _ value: Duration) {
        let (seconds, attoseconds) = value.components
        let microseconds = seconds * 1_000_000 + attoseconds / 1_000_000_000_000
        let number = Double(microseconds) / 1_000
        if writer != nil {
            writer?.key(name)
            writer?.number(number)
        } else {
            text.append(contentsOf: " \(name)=\(number)".utf8)
        }
    }

    /// The line, with its end.
    consuming func finish() -> [UInt8] {
        guard var writer else { return text + [0x0A] }
        writer.endObject()
        return writer.finish() + [0x0A]
    }

    /// Adds text in which nothing moves the cursor or ends the line, whoever wrote it.
    private static func append(_ value: String, to text: inout [UInt8], quoting: Bool) {
        let isPlain = value.utf8.allSatisfy { (0x21...0x7E).contains($0) && $0 != 0x22 }
        if isPlain || !quoting, value.utf8.allSatisfy({ (0x20...0x7E).contains($0) }) {
            text.append(contentsOf: value.utf8)
            return
        }
        if quoting { text.append(0x22) }
        for scalar in value.unicodeScalars {
            if scalar.isASCII, scalar.value >= 0x20, scalar.value != 0x7F, scalar != "\"",
                scalar != "\\"
            {
                text.append(UInt8(truncatingIfNeeded: scalar.value))
            } else if scalar.value >= 0xA1, scalar.properties.generalCategory != .format {
                text.append(contentsOf: String(scalar).utf8)
            } else {
                text.append(contentsOf: scalar.escaped(asASCII: true).utf8)
            }
        }
        if quoting { text.append(0x22) }
    }
}
