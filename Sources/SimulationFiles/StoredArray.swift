import ContentCoding
import NumericArrays

/// The rows of an array in a file: numbers of any type that is read, row after row.
struct StoredArray: Sendable {
    /// The file.
    let file: InputFile
    /// Where the first number is.
    let offset: Int
    /// The type of the numbers.
    let type: NumberType
    /// Whether the highest byte of a number comes first.
    let isBigEndian: Bool
    /// The extent of each axis; the first counts the rows.
    let shape: [Int]

    /// The number of rows.
    var rowCount: Int { shape.first ?? 1 }
    /// The numbers of one row.
    var rowWidth: Int { shape.dropFirst().reduce(1, *) }

    /// Reads rows in any order, `[rows, width]`, as single-precision numbers.
    func read(_ rows: some RandomAccessCollection<Int>) throws(SimulationFileError) -> [Float] {
        let width = rowWidth
        var values = [Float](repeating: 0, count: rows.count * width)
        var filled = 0
        var index = rows.startIndex
        while index < rows.endIndex {
            // Rows that are near each other in the file are read at once, with what is between.
            let first = rows[index]
            var places = [0]
            rows.formIndex(after: &index)
            while index < rows.endIndex, rows[index] - first > places[places.count - 1],
                (rows[index] - first - places[places.count - 1]) * width <= Self.limitGap,
                (rows[index] - first) * width <= Self.limitSpan
            {
                places.append(rows[index] - first)
                rows.formIndex(after: &index)
            }
            let span = places[places.count - 1] + 1
            precondition(first >= 0 && first + span <= rowCount, "row \(first) of \(rowCount)")
            let part = filled * width..<(filled + places.count) * width
            if span == places.count {
                try read(at: first * width, into: &values, part)
            } else {
                var numbers = [Float](repeating: 0, count: span * width)
                try read(at: first * width, into: &numbers, 0..<numbers.count)
                for (place, row) in places.enumerated() {
                    let target = part.lowerBound + place * width
                    for entry in 0..<width {
                        values[target + entry] = numbers[row * width + entry]
                    }
                }
            }
            filled += places.count
        }
        return values
    }

    /// The most numbers between two rows that are read for nothing.
    private static let limitGap = 1 << 10
    /// The most numbers that are read at once with such gaps.
    private static let limitSpan = 1 << 18

    /// Reads consecutive numbers into a part of an array.
    private func read(
        at index: Int,
        into values: inout [Float],
        _ part: Range<Int>
    ) throws(SimulationFileError) {
        let place = offset + index * type.size
        if type == .float32, !isBigEndian {
            try file.read(at: place, into: &values, part)
        } else {
            let bytes = try file.bytes(at: place, count: part.count * type.size)
            values.replaceSubrange(part, with: type.floats(bytes, isBigEndian: isBigEndian))
        }
    }
}

extension StoredArray {
    /// Opens an .npy file.
    ///
    /// - Parameters:
    ///   - file: The file.
    ///   - name: What the array is, for error messages.
    ///   - directory: Where an array in Fortran order is turned round.
    /// - Throws: `SimulationFileError` for what is no array of numbers.
    init(
        npy file: InputFile,
        name: String,
        directory: String
    ) throws(SimulationFileError) {
        try self.init(
            file,
            at: 0,
            size: file.size,
            name: name,
            directory: directory
        )
    }

    /// Opens an array of an .npz archive.
    ///
    /// - Parameters:
    ///   - member: Its place in the archive.
    ///   - file: The archive.
    ///   - name: The name of the array.
    ///   - directory: Where deflated data is expanded.
    /// - Returns: The array, its rows ready to be read.
    /// - Throws: `SimulationFileError` for damaged data and for what is no array of numbers.
    static func open(
        _ member: ZipArchive.Member,
        of file: InputFile,
        name: String,
        directory: String
    ) throws(SimulationFileError) -> StoredArray {
        do {
            if member.isDeflated {
                let expanded = try expand(member, of: file, directory: directory)
                return try StoredArray(npy: expanded, name: name, directory: directory)
            }
            try verify(member, of: file)
            return try StoredArray(
                file,
                at: member.dataOffset,
                size: member.size,
                name: name,
                directory: directory
            )
        } catch let error as FormatProblem {
            throw .array(path: file.path, name: name, reason: error.reason)
        } catch let error as SimulationFileError {
            throw error
        } catch {
            preconditionFailure("\(error)")
        }
    }

    /// Reads the header of an array that fills a part of a file.
    private init(
        _ file: InputFile,
        at start: Int,
        size: Int,
        name: String,
        directory: String
    ) throws(SimulationFileError) {
        let prefix = try file.bytes(at: start, count: min(size, ArrayHeader.limitBytes))
        let header: ArrayHeader
        do {
            header = try ArrayHeader(prefix)
            try Self.check(header, size: size)
        } catch {
            throw .array(path: file.path, name: name, reason: error.reason)
        }
        self.init(
            file: file,
            offset: start + header.dataOffset,
            type: header.type,
            isBigEndian: header.isBigEndian,
            shape: header.shape
        )
        if header.isFortranOrder, shape.count(where: { $0 > 1 }) > 1 {
            self = try rowMajor(directory: directory)
        }
    }

    private static func check(_ header: ArrayHeader, size: Int) throws(FormatProblem) {
        guard header.fileBytes == size else {
            throw FormatProblem(
                """
                its shape \(header.shape) of \(header.type) takes \(header.fileBytes) bytes, but \
                there are \(size)
                """
            )
        }
    }

    /// A copy with the last index running fastest.
    private func rowMajor(directory: String) throws(SimulationFileError) -> StoredArray {
        var scratch = try ScratchFile<Float>(directory: directory)
        let width = rowWidth
        let blockRows = max((1 << 22) / max(width, 1), 1)
        for start in stride(from: 0, to: rowCount, by: blockRows) {
            let count = min(blockRows, rowCount - start)
            var block = [Float](repeating: 0, count: count * width)
            var column = [Float](repeating: 0, count: count)
            for entry in 0..<width {
                let index = fortranOffset(ofEntry: entry) + start
                try read(at: index, into: &column, 0..<count)
                for row in 0..<count { block[row * width + entry] = column[row] }
            }
            try scratch.append(block)
        }
        return StoredArray(
            file: try scratch.finish(named: file.path),
            offset: 0,
            type: .float32,
            isBigEndian: false,
            shape: shape
        )
    }

    /// Where the entry of a row, counted with the last index fastest, starts in Fortran order.
    private func fortranOffset(ofEntry entry: Int) -> Int {
        var rest = entry
        var indices: [Int] = []
        for extent in shape.dropFirst().reversed() {
            indices.append(rest % extent)
            rest /= extent
        }
        var (offset, stride) = (0, rowCount)
        for (extent, index) in zip(shape.dropFirst(), indices.reversed()) {
            offset += index * stride
            stride *= extent
        }
        return offset
    }

    /// Checks the checksum of a stored member.
    private static func verify(_ member: ZipArchive.Member, of file: InputFile) throws {
        var check = CyclicRedundancyCheck()
        for start in stride(from: 0, to: member.size, by: 1 << 20) {
            let count = min(1 << 20, member.size - start)
            check.combine(try file.bytes(at: member.dataOffset + start, count: count))
        }
        guard check.value == member.checksum else {
            throw FormatProblem("its checksum is wrong: the data is damaged")
        }
    }

    /// Expands a deflated member, never beyond the size it declares.
    private static func expand(
        _ member: ZipArchive.Member,
        of file: InputFile,
        directory: String
    ) throws -> InputFile {
        // What is no array of the declared size is not worth the disk.
        var prefix: [UInt8] = []
        try expand(member, of: file) { bytes in
            prefix += bytes
            return prefix.count < ArrayHeader.limitBytes
        }
        try check(try ArrayHeader(Array(prefix.prefix(ArrayHeader.limitBytes))), size: member.size)

        var scratch = try ScratchFile<UInt8>(directory: directory)
        var check = CyclicRedundancyCheck()
        var size = 0
        var failure: SimulationFileError?
        try expand(member, of: file) { bytes in
            size += bytes.count
            guard size <= member.size else { return false }
            check.combine(bytes)
            do throws(SimulationFileError) {
                try scratch.append(bytes)
            } catch {
                failure = error
            }
            return failure == nil
        }
        if let failure { throw failure }
        guard size == member.size, check.value == member.checksum else {
            throw FormatProblem("its size or checksum is wrong: the data is damaged")
        }
        return try scratch.finish(named: file.path)
    }

    /// Passes the expanded data of a member on, until the body returns false.
    private static func expand(
        _ member: ZipArchive.Member,
        of file: InputFile,
        body: ([UInt8]) -> Bool
    ) throws {
        var inflater = try Inflater()
        var goesOn = true
        var place = member.dataOffset
        while goesOn, !inflater.isFinished {
            let count = min(1 << 18, member.end - place)
            guard count > 0 else { throw FormatProblem("its compressed data is cut off") }
            let taken = try inflater.expand(try file.bytes(at: place, count: count)) { bytes in
                goesOn = body(bytes)
                return goesOn
            }
            place += taken
            guard taken > 0 || !goesOn else {
                throw FormatProblem("its compressed data is damaged")
            }
        }
        guard !goesOn || place == member.end else {
            throw FormatProblem("its compressed data ends early")
        }
    }
}
