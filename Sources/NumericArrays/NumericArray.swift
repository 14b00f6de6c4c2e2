/// An array of numbers that came in one piece, in single precision and row-major order.
package struct NumericArray: Equatable, Sendable {
    /// The extent of each axis.
    package var shape: [Int]
    /// The numbers, the last index running fastest.
    package var values: [Float]

    /// Joins numbers and their shape.
    package init(shape: [Int], values: [Float]) {
        precondition(shape.reduce(1, *) == values.count, "\(values.count) numbers of \(shape)")
        self.shape = shape
        self.values = values
    }

    /// Parses an .npy file that is in memory.
    ///
    /// *Edge cases*: numbers beyond the range of single precision become infinite.
    ///
    /// - Parameters:
    ///   - bytes: The whole file.
    ///   - mostNumbers: The most entries to accept.
    /// - Throws: `FormatProblem` for what is no array of numbers, is cut off, or goes on after its
    ///   end.
    package init(npy bytes: [UInt8], mostNumbers: Int) throws(FormatProblem) {
        let header = try ArrayHeader(Array(bytes.prefix(ArrayHeader.limitBytes)))
        guard header.fileBytes == bytes.count else {
            throw FormatProblem(
                """
                its shape \(header.shape) of \(header.type) takes \(header.fileBytes) bytes, but \
                there are \(bytes.count)
                """
            )
        }
        guard header.count <= mostNumbers else {
            throw FormatProblem("it has \(header.count) numbers, more than \(mostNumbers)")
        }
        shape = header.shape
        let stored = header.type.floats(
            bytes[header.dataOffset...],
            isBigEndian: header.isBigEndian
        )
        values = header.isFortranOrder ? Self.rowMajor(stored, shape) : stored
    }

    /// Entries whose first index runs fastest, in the other order.
    private static func rowMajor(_ stored: [Float], _ shape: [Int]) -> [Float] {
        guard shape.count > 1, !stored.isEmpty else { return stored }
        var strides: [Int] = []
        var stride = 1
        for extent in shape {
            strides.append(stride)
            stride *= extent
        }
        var indices = [Int](repeating: 0, count: shape.count)
        var place = 0
        return stored.indices.map { _ in
            let value = stored[place]
            // Counts on, the last index first.
            for axis in shape.indices.reversed() {
                indices[axis] += 1
                place += strides[axis]
                if indices[axis] < shape[axis] { break }
                place -= strides[axis] * shape[axis]
                indices[axis] = 0
            }
            return value
        }
    }
}

/// Appending numbers the way binary formats hold them.
extension [UInt8] {
    /// Appends single-precision numbers, the lowest byte of each first.
    package mutating func append(littleEndian values: ArraySlice<Float>) {
        reserveCapacity(count + 4 * values.count)
        for value in values {
            let bits = value.bitPattern
            append(UInt8(truncatingIfNeeded: bits))
            append(UInt8(truncatingIfNeeded: bits >> 8))
            append(UInt8(truncatingIfNeeded: bits >> 16))
            append(UInt8(truncatingIfNeeded: bits >> 24))
        }
    }
}
