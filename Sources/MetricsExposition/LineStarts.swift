/// The lines of a series up to their values.
///
/// They are made once: a page has 1,500 lines, and a loop that puts them together anew keeps its
/// connections waiting for a millisecond.
struct LineStarts: Sendable {
    /// One after the other, without line feeds.
    private var starts: [UInt8] = []
    /// Where each of them ends.
    private var ends: [Int] = []

    init(_ lines: [String]) {
        for line in lines {
            starts += line.utf8
            ends.append(starts.count)
        }
    }

    /// Writes a line with a number.
    func append(_ index: Int, _ value: Double, to bytes: inout [UInt8]) {
        // Most are counts, and have no fraction.
        if let whole = Int(exactly: value) { return append(index, whole, to: &bytes) }
        begin(index, &bytes)
        if value.isNaN {
            bytes += "NaN\n".utf8
        } else if value.isInfinite {
            bytes += (value < 0 ? "-Inf\n" : "+Inf\n").utf8
        } else {
            bytes += "\(value)\n".utf8
        }
    }

    /// Writes a line with a whole number.
    func append(_ index: Int, _ value: Int, to bytes: inout [UInt8]) {
        begin(index, &bytes)
        if value < 0 { bytes.append(UInt8(ascii: "-")) }
        // By hand, since there are a thousand of them and a `String` for each takes longer.
        var rest = value.magnitude
        let start = bytes.count
        repeat {
            bytes.append(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest % 10))
            rest /= 10
        } while rest > 0
        bytes[start...].reverse()
        bytes.append(UInt8(ascii: "\n"))
    }

    private func begin(_ index: Int, _ bytes: inout [UInt8]) {
        bytes += starts[(index == 0 ? 0 : ends[index - 1])..<ends[index]]
    }
}
