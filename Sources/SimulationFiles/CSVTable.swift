import NumericArrays

/// A table of numbers as text, turned into two arrays of single-precision numbers.
///
/// The first line names the columns; every other line holds a number for each of them, separated by
/// commas. Fields may be quoted. An empty field, `nan` and `NA` are NaN.
///
/// *Reference*: RFC 4180, without line breaks in quoted fields.
struct CSVTable {
    /// The columns of theta.
    let thetaNames: [String]
    /// The columns of x.
    let xNames: [String]
    /// theta, `[N, D]`.
    let theta: StoredArray
    /// x, `[N, L]`.
    let x: StoredArray

    /// The longest line that is read, in bytes.
    static let limitLineBytes = 1 << 26

    /// Reads a file.
    ///
    /// - Parameters:
    ///   - file: The file.
    ///   - thetaNames: The columns of theta; nil for those whose names start with `theta`.
    ///   - xNames: The columns of x; nil for those whose names start with `x`, or for all others
    ///     where `thetaNames` are given.
    ///   - directory: Where the numbers are kept.
    /// - Throws: `SimulationFileError` naming line and column.
    init(
        _ file: InputFile,
        thetaNames: [String]?,
        xNames: [String]?,
        directory: String
    ) throws(SimulationFileError) {
        var lines = LineReader(file)
        guard let header = try lines.next() else {
            throw .line(path: file.path, line: 1, column: nil, reason: "the file is empty")
        }
        let columns = try Self.names(header, path: file.path)
        let (thetaColumns, xColumns) = try Self.split(
            columns,
            thetaNames: thetaNames,
            xNames: xNames,
            path: file.path
        )
        var theta = try ScratchFile<Float>(directory: directory)
        var x = try ScratchFile<Float>(directory: directory)
        var count = 0
        var emptyLine: Int?
        while let line = try lines.next() {
            if line.isEmpty, columns.count > 1 {
                emptyLine = emptyLine ?? lines.number
                continue
            }
            if let emptyLine {
                throw .line(path: file.path, line: emptyLine, column: nil, reason: "is empty")
            }
            let fields = Self.fields(of: line)
            guard fields.count == columns.count else {
                throw .line(
                    path: file.path,
                    line: lines.number,
                    column: nil,
                    reason: "has \(fields.count) fields, the first line has \(columns.count)"
                )
            }
            func numbers(_ chosen: [Int]) throws(SimulationFileError) -> [Float] {
                var values: [Float] = []
                values.reserveCapacity(chosen.count)
                for column in chosen {
                    guard let value = Self.number(line[fields[column]]) else {
                        let text = String(decoding: line[fields[column]].prefix(40), as: UTF8.self)
                        throw .line(
                            path: file.path,
                            line: lines.number,
                            column: columns[column],
                            reason: "\"\(text)\" is no number"
                        )
                    }
                    values.append(value)
                }
                return values
            }
            try theta.append(try numbers(thetaColumns))
            try x.append(try numbers(xColumns))
            count += 1
        }
        self.thetaNames = thetaColumns.map { columns[$0] }
        self.xNames = xColumns.map { columns[$0] }
        self.theta = StoredArray(
            file: try theta.finish(named: file.path),
            offset: 0,
            type: .float32,
            isBigEndian: false,
            shape: [count, thetaColumns.count]
        )
        self.x = StoredArray(
            file: try x.finish(named: file.path),
            offset: 0,
            type: .float32,
            isBigEndian: false,
            shape: [count, xColumns.count]
        )
    }

    /// The names of the columns.
    private static func names(
        _ header: ArraySlice<UInt8>,
        path: String
    ) throws(SimulationFileError) -> [String] {
        var seen: Set<String> = []
        var names: [String] = []
        for field in fields(of: header) {
            guard let name = String(validating: header[field], as: UTF8.self), !name.isEmpty else {
                throw .line(
                    path: path,
                    line: 1,
                    column: "\(names.count + 1)",
                    reason: "has no name; the first line names the columns"
                )
            }
            guard seen.insert(name).inserted else {
                throw .line(path: path, line: 1, column: name, reason: "is there twice")
            }
            names.append(name)
        }
        return names
    }

    /// Which columns are theta's and which are x's.
    private static func split(
        _ columns: [String],
        thetaNames: [String]?,
        xNames: [String]?,
        path: String
    ) throws(SimulationFileError) -> (theta: [Int], x: [Int]) {
        func places(_ names: [String]) throws(SimulationFileError) -> [Int] {
            var places: [Int] = []
            for name in names {
                guard let place = columns.firstIndex(of: name) else {
                    let shown = columns.prefix(20).joined(separator: ", ")
                    throw .line(
                        path: path,
                        line: 1,
                        column: nil,
                        reason: "there is no column \(name); there are \(shown)"
                    )
                }
                places.append(place)
            }
            return places
        }
        let theta = try places(thetaNames ?? columns.filter { $0.hasPrefix("theta") })
        let x: [Int]
        if let xNames {
            x = try places(xNames)
        } else if thetaNames != nil {
            x = columns.indices.filter { !theta.contains($0) }
        } else {
            x = try places(columns.filter { $0.hasPrefix("x") })
            let others = columns.indices.filter { !theta.contains($0) && !x.contains($0) }
            if let other = others.first {
                throw .line(
                    path: path,
                    line: 1,
                    column: columns[other],
                    reason: """
                        starts neither with theta nor with x; name the columns to use by \
                        --theta-names and --x-names
                        """
                )
            }
        }
        for (name, places) in [("theta", theta), ("x", x)] where places.isEmpty {
            throw .line(path: path, line: 1, column: nil, reason: "there is no column of \(name)")
        }
        if let twice = theta.first(where: { x.contains($0) }) {
            throw .line(
                path: path,
                line: 1,
                column: columns[twice],
                reason: "is named both for theta and for x"
            )
        }
        return (theta, x)
    }

    /// The places of the fields of a line, without quotes and blanks around them.
    static func fields(of line: ArraySlice<UInt8>) -> [Range<Int>] {
        let (comma, quote) = (UInt8(ascii: ","), UInt8(ascii: "\""))
        var fields: [Range<Int>] = []
        var start = line.startIndex
        var isQuoted = false
        for place in line.startIndex...line.endIndex {
            if place < line.endIndex {
                if line[place] == quote { isQuoted.toggle() }
                guard line[place] == comma, !isQuoted else { continue }
            }
            var field = start..<place
            while let first = line[field].first, first == 0x20 || first == 0x09 {
                field = field.lowerBound + 1..<field.upperBound
            }
            while let last = line[field].last, last == 0x20 || last == 0x09 {
                field = field.lowerBound..<field.upperBound - 1
            }
            if field.count >= 2, line[field.lowerBound] == quote,
                line[field.upperBound - 1] == quote
            {
                field = field.lowerBound + 1..<field.upperBound - 1
            }
            fields.append(field)
            start = place + 1
        }
        return fields
    }

    /// The number a field stands for; nil if it is none.
    static func number(_ field: ArraySlice<UInt8>) -> Float? {
        if field.isEmpty { return .nan }
        guard field.count <= 400 else { return nil }
        let text = String(decoding: field, as: UTF8.self)
        // Hexadecimal numbers and the payloads of NaN are more likely mistakes.
        let isPlain = field.allSatisfy {
            (0x30...0x39).contains($0) || [0x2b, 0x2d, 0x2e, 0x45, 0x65].contains($0)
        }
        if isPlain { return Double(text).map { Float($0) } }
        switch text.lowercased() {
        case "nan", "na", "null", "-nan", "+nan": return .nan
        case "inf", "+inf", "infinity", "+infinity": return .infinity
        case "-inf", "-infinity": return -.infinity
        default: return nil
        }
    }
}

/// The lines of a file, without their ends.
private struct LineReader {
    private let file: InputFile
    private var offset = 0
    private var buffer: [UInt8] = []
    private var place = 0
    /// The number of the last line, from 1.
    private(set) var number = 0

    init(_ file: InputFile) { self.file = file }

    /// The next line, or nil at the end.
    mutating func next() throws(SimulationFileError) -> ArraySlice<UInt8>? {
        var searched = place
        while true {
            if let end = buffer[searched...].firstIndex(of: 0x0a) {
                defer { place = end + 1 }
                return take(place..<end)
            }
            searched = buffer.count
            guard offset < file.size else {
                guard place < buffer.count else { return nil }
                defer { place = buffer.count }
                return take(place..<buffer.count)
            }
            guard buffer.count - place <= CSVTable.limitLineBytes else {
                throw .line(
                    path: file.path,
                    line: number + 1,
                    column: nil,
                    reason: "is longer than \(CSVTable.limitLineBytes) bytes"
                )
            }
            let count = min(1 << 20, file.size - offset)
            searched -= place
            buffer.removeSubrange(..<place)
            place = 0
            buffer += try file.bytes(at: offset, count: count)
            // The byte order mark of UTF-8.
            if offset == 0, buffer.starts(with: [0xef, 0xbb, 0xbf]) { buffer.removeFirst(3) }
            offset += count
        }
    }

    private mutating func take(_ range: Range<Int>) -> ArraySlice<UInt8> {
        number += 1
        let line = buffer[range]
        return line.last == 0x0d ? line.dropLast() : line
    }
}
