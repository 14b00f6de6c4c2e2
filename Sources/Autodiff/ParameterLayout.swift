/// Where each weight matrix and bias stands in the flat vector of parameters.
///
/// A matrix row is padded with zeros to whole vectors of eight, so that its gradient can be
/// summed in lanes; the padding and the entries outside a row's extent stay zero for ever.
public struct ParameterLayout: Sendable, Equatable {
    /// A weight matrix, `[rows, columns]`.
    public struct Matrix: Sendable, Equatable {
        /// Its name in a model file.
        public let name: String
        /// Place of its first entry.
        public let offset: Int
        /// Number of outputs.
        public let rows: Int
        /// Number of inputs.
        public let columns: Int
        /// Step from row to row, a multiple of eight.
        public let stride: Int
        /// The columns in which each row may be nonzero.
        public let rowExtents: [Range<Int>]
    }

    /// A bias or another vector of parameters.
    public struct Vector: Sendable, Equatable {
        /// Its name in a model file.
        public let name: String
        /// Place of its first entry.
        public let offset: Int
        /// Number of entries.
        public let count: Int
    }

    /// Where a layout that was appended to another starts.
    public struct Part: Sendable, Equatable {
        /// A layout that stands alone.
        public static let whole = Self(firstMatrix: 0, firstVector: 0, offset: 0)

        /// The index of its first matrix.
        public let firstMatrix: Int
        /// The index of its first vector.
        public let firstVector: Int
        /// The place of its first parameter.
        public let offset: Int
    }

    /// The matrices, in the order they were added.
    public private(set) var matrices: [Matrix] = []
    /// The vectors, in the order they were added.
    public private(set) var vectors: [Vector] = []
    /// Length of the parameter vector, the padding included; a multiple of eight.
    public private(set) var count = 0

    /// Makes an empty layout.
    public init() {}

    /// Adds a matrix and returns its index.
    ///
    /// - Parameters:
    ///   - name: Its name in a model file.
    ///   - rows: Number of outputs.
    ///   - columns: Number of inputs.
    ///   - rowExtents: The columns each row uses; all of them by default.
    /// - Returns: Its place in `matrices`.
    public mutating func addMatrix(
        _ name: String,
        rows: Int,
        columns: Int,
        rowExtents: [Range<Int>]? = nil
    ) -> Int {
        let extents = rowExtents ?? Array(repeating: 0..<columns, count: rows)
        precondition(
            rows > 0 && columns > 0 && extents.count == rows
                && extents.allSatisfy { $0.lowerBound >= 0 && $0.upperBound <= columns },
            "a matrix of \(rows) × \(columns) with \(extents.count) extents"
        )
        let stride = Self.padded(columns)
        matrices.append(
            Matrix(
                name: name,
                offset: count,
                rows: rows,
                columns: columns,
                stride: stride,
                rowExtents: extents
            )
        )
        count += rows * stride
        return matrices.count - 1
    }

    /// Adds a vector and returns its index in `vectors`.
    public mutating func addVector(_ name: String, count entries: Int) -> Int {
        precondition(entries > 0, "a vector of \(entries) parameters")
        vectors.append(Vector(name: name, offset: count, count: entries))
        count += Self.padded(entries)
        return vectors.count - 1
    }

    /// Adds what another layout holds, its names after a prefix.
    public mutating func append(_ other: Self, prefix: String = "") -> Part {
        let part = Part(firstMatrix: matrices.count, firstVector: vectors.count, offset: count)
        matrices += other.matrices.map { matrix in
            Matrix(
                name: prefix + matrix.name,
                offset: count + matrix.offset,
                rows: matrix.rows,
                columns: matrix.columns,
                stride: matrix.stride,
                rowExtents: matrix.rowExtents
            )
        }
        vectors += other.vectors.map { vector in
            Vector(name: prefix + vector.name, offset: count + vector.offset, count: vector.count)
        }
        count += other.count
        return part
    }

    /// One where a parameter may be trained, zero in padding and outside a row's extent.
    public var mask: [Float] {
        var mask = [Float](repeating: 0, count: count)
        for matrix in matrices {
            for (row, extent) in matrix.rowExtents.enumerated() {
                let start = matrix.offset + row * matrix.stride
                for column in extent { mask[start + column] = 1 }
            }
        }
        for vector in vectors {
            for entry in 0..<vector.count { mask[vector.offset + entry] = 1 }
        }
        return mask
    }

    private static func padded(_ count: Int) -> Int { (count + 7) / 8 * 8 }
}
