/// What the header of an .npy file says of the array behind it.
///
/// *Reference*: NEP 1, A Simple File Format for NumPy Arrays; `numpy.lib.format`, versions 1.0,
/// 2.0 and 3.0.
package struct ArrayHeader: Equatable, Sendable {
    /// The type of the numbers.
    package var type: NumberType
    /// Whether the highest byte of a number comes first.
    package var isBigEndian: Bool
    /// Whether the first index, rather than the last, runs fastest.
    package var isFortranOrder: Bool
    /// The extent of each axis.
    package var shape: [Int]
    /// Where the numbers start in the file.
    package var dataOffset: Int

    /// The longest header that is read, in bytes.
    package static let limitBytes = 1 << 16

    /// The number of entries; it does not overflow, nor do their bytes.
    package var count: Int { shape.reduce(1, *) }
    /// The bytes of the whole file.
    package var fileBytes: Int { dataOffset + count * type.size }

    /// Parses the start of a file.
    ///
    /// - Parameter bytes: `limitBytes` of it, or all if it is shorter.
    /// - Throws: `FormatProblem` for what is no array of numbers.
    package init(_ bytes: [UInt8]) throws(FormatProblem) {
        guard bytes.count >= 10, bytes.starts(with: [0x93] + Array("NUMPY".utf8)) else {
            throw FormatProblem("it does not start like an .npy file")
        }
        let (major, minor) = (bytes[6], bytes[7])
        guard (1...3).contains(major), minor == 0 else {
            throw FormatProblem("its .npy version is \(major).\(minor), expected 1.0, 2.0 or 3.0")
        }
        let start = major == 1 ? 10 : 12
        guard bytes.count >= start else { throw FormatProblem("its header is cut off") }
        let length = bytes[8..<start].reversed().reduce(0) { $0 << 8 | Int($1) }
        guard length <= Self.limitBytes - start else {
            throw FormatProblem("its header of \(length) bytes is too long")
        }
        guard start + length <= bytes.count else { throw FormatProblem("its header is cut off") }
        var scanner = LiteralScanner(Array(bytes[start..<start + length]))
        let fields = try scanner.dictionary()
        (type, isBigEndian) = try Self.type(fields.description)
        isFortranOrder = fields.isFortranOrder
        shape = fields.shape
        dataOffset = start + length
        try checkSize()
    }

    /// The type of a description such as `<f4`.
    private static func type(
        _ description: String
    ) throws(FormatProblem) -> (NumberType, isBigEndian: Bool) {
        let code = description.drop { "<>=|".contains($0) }
        guard description.count - code.count <= 1 else {
            throw FormatProblem("its type \(description) is unknown")
        }
        if code.hasPrefix("O") {
            throw FormatProblem(
                """
                it holds Python objects (pickle), which are not read; save numbers, as float32 for \
                example
                """
            )
        }
        guard let type = NumberType(rawValue: String(code)) else {
            throw FormatProblem(
                """
                its type \(description.prefix(64)) is not read; expected float32, float64, an \
                integer or bool
                """
            )
        }
        return (type, description.hasPrefix(">"))
    }

    /// The header of an array of little-endian single-precision numbers in C order, padded so that
    /// they start at a multiple of 64 bytes.
    package static func encoded(shape: [Int]) -> [UInt8] {
        let extents = shape.map { "\($0)," }.joined(separator: " ")
        let fields = "{'descr': '<f4', 'fortran_order': False, 'shape': (\(extents)), }"
        let length = (10 + fields.utf8.count + 1 + 63) / 64 * 64 - 10
        precondition(length < 1 << 16, "\(shape.count) axes")
        var bytes: [UInt8] = [0x93] + Array("NUMPY".utf8) + [1, 0]
        bytes += [UInt8(length & 0xFF), UInt8(length >> 8)]
        bytes += fields.utf8
        bytes += [UInt8](repeating: 0x20, count: length - fields.utf8.count - 1)
        bytes.append(0x0A)
        return bytes
    }

    private func checkSize() throws(FormatProblem) {
        guard shape.count <= 32 else { throw FormatProblem("it has \(shape.count) axes") }
        var bytes = type.size
        for extent in shape {
            let (product, overflows) = bytes.multipliedReportingOverflow(by: max(extent, 1))
            guard !overflows, product <= 1 << 60 else {
                throw FormatProblem("its shape \(shape) is too large")
            }
            bytes = product
        }
    }
}

/// Reads the one kind of Python literal that a header is: a dictionary of three entries.
private struct LiteralScanner {
    private let bytes: [UInt8]
    private var position = 0

    struct Fields {
        var description: String
        var isFortranOrder: Bool
        var shape: [Int]
    }

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    mutating func dictionary() throws(FormatProblem) -> Fields {
        var description: String?
        var isFortranOrder: Bool?
        var shape: [Int]?
        try expect("{")
        while !take("}") {
            let key = try string()
            try expect(":")
            switch key {
            case "descr" where description == nil:
                guard next != UInt8(ascii: "[") else {
                    throw FormatProblem("it has a structured type, which is not read")
                }
                description = try string()
            case "fortran_order" where isFortranOrder == nil: isFortranOrder = try boolean()
            case "shape" where shape == nil: shape = try tuple()
            default: throw FormatProblem("its header has an unexpected key \(key.prefix(64))")
            }
            guard take(",") else {
                try expect("}")
                break
            }
        }
        guard next == nil else { throw FormatProblem("its header goes on after its end") }
        guard let description, let isFortranOrder, let shape else {
            throw FormatProblem("its header lacks descr, fortran_order or shape")
        }
        return Fields(description: description, isFortranOrder: isFortranOrder, shape: shape)
    }

    /// The next byte that is no white space.
    private var next: UInt8? {
        mutating get {
            while position < bytes.count, [0x20, 0x09, 0x0a, 0x0d].contains(bytes[position]) {
                position += 1
            }
            return position < bytes.count ? bytes[position] : nil
        }
    }

    private mutating func take(_ character: Unicode.Scalar) -> Bool {
        guard next == UInt8(ascii: character) else { return false }
        position += 1
        return true
    }

    private mutating func expect(_ character: Unicode.Scalar) throws(FormatProblem) {
        guard take(character) else { throw problem }
    }

    private var problem: FormatProblem {
        FormatProblem("its header cannot be read at byte \(position)")
    }

    private mutating func string() throws(FormatProblem) -> String {
        guard let quote = next, quote == UInt8(ascii: "'") || quote == UInt8(ascii: "\"") else {
            throw problem
        }
        position += 1
        let start = position
        while position < bytes.count, bytes[position] != quote {
            guard (0x20..<0x7f).contains(bytes[position]), bytes[position] != UInt8(ascii: "\\")
            else { throw problem }
            position += 1
        }
        guard position < bytes.count else { throw problem }
        position += 1
        return String(decoding: bytes[start..<position - 1], as: UTF8.self)
    }

    private mutating func boolean() throws(FormatProblem) -> Bool {
        _ = next
        for (word, value) in [("True", true), ("False", false)]
        where bytes[position...].starts(with: word.utf8) {
            position += word.utf8.count
            return value
        }
        throw problem
    }

    private mutating func tuple() throws(FormatProblem) -> [Int] {
        var extents: [Int] = []
        try expect("(")
        while !take(")") {
            guard extents.count <= 32 else { throw FormatProblem("it has too many axes") }
            extents.append(try extent())
            guard take(",") else {
                try expect(")")
                break
            }
        }
        return extents
    }

    private mutating func extent() throws(FormatProblem) -> Int {
        _ = next
        let digits = bytes[position...].prefix { (0x30...0x39).contains($0) }
        guard (1...18).contains(digits.count),
            let extent = Int(String(decoding: digits, as: UTF8.self))
        else { throw problem }
        position += digits.count
        // Python 2 wrote long integers so.
        _ = take("L")
        return extent
    }
}
