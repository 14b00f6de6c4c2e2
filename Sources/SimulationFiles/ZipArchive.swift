import NumericArrays

/// The table of contents of a ZIP archive, as `numpy.savez` writes them.
///
/// Members are stored or deflated, in the plain or the 64-bit form. Encrypted, overlapping,
/// truncated and repeated members are refused, and those that would expand beyond reason.
///
/// *Reference*: APPNOTE.TXT, .ZIP File Format Specification, version 6.3.10, sections 4.3 and 4.5.
struct ZipArchive {
    /// A file of the archive.
    struct Member: Equatable {
        /// The name.
        var name: String
        /// Whether the data is deflated rather than stored.
        var isDeflated: Bool
        /// The CRC-32 of the expanded data.
        var checksum: UInt32
        /// Bytes of the data in the archive.
        var compressedSize: Int
        /// Bytes of the expanded data.
        var size: Int
        /// Where the local header starts.
        var headerOffset: Int
        /// Where the data starts.
        var dataOffset = 0

        /// The end of the data.
        var end: Int { dataOffset + compressedSize }
    }

    /// The most members an archive may have.
    static let limitMembers = 1024
    /// The size up to which a member may expand from any number of bytes.
    static let freeSize = 64 << 20
    /// By what a larger member may grow; random numbers grow by less than 2.
    static let limitRatio = 200

    /// The members, in the order of the table.
    let members: [Member]

    /// Reads the table of an archive and checks it against the members' own headers.
    init(_ file: InputFile) throws(SimulationFileError) {
        let path = file.path
        let directory = try Self.directory(file)
        let table = try file.bytes(at: directory.offset, count: directory.size)
        var members: [Member]
        do {
            members = try Self.members(table, count: directory.count)
        } catch {
            throw .archive(path: path, reason: error.reason)
        }
        for index in members.indices {
            members[index].dataOffset = try Self.dataOffset(of: members[index], in: file)
        }
        var end = 0
        for member in members.sorted(by: { $0.headerOffset < $1.headerOffset }) {
            guard member.headerOffset >= end, member.end <= directory.offset else {
                throw .array(
                    path: path,
                    name: member.name,
                    reason: "its data overlaps another part of the archive or is cut off"
                )
            }
            end = member.end
        }
        self.members = members
    }

    /// Where the table of contents is.
    private struct Directory {
        var count: Int
        var size: Int
        var offset: Int
    }

    /// Finds the table from the record at the end of the file.
    private static func directory(_ file: InputFile) throws(SimulationFileError) -> Directory {
        let path = file.path
        let tailSize = min(file.size, 22 + 0xffff)
        let tailOffset = file.size - tailSize
        let tail = ByteReader(try file.bytes(at: tailOffset, count: tailSize))
        let place = stride(from: tailSize - 22, through: 0, by: -1).first { place in
            tail.uint32(place) == 0x0605_4b50
                && tail.uint16(place + 20) == tailSize - place - 22
        }
        guard tailSize >= 22, let place else {
            throw .archive(path: path, reason: "is no ZIP archive, or it is cut off")
        }
        guard tail.uint16(place + 4) == 0, tail.uint16(place + 6) == 0,
            tail.uint16(place + 8) == tail.uint16(place + 10)
        else {
            throw .archive(path: path, reason: "is a part of an archive of several files")
        }
        var directory = Directory(
            count: tail.uint16(place + 10),
            size: tail.uint32(place + 12),
            offset: tail.uint32(place + 16)
        )
        var end = tailOffset + place
        if place >= 20, tail.uint32(place - 20) == 0x0706_4b50 {
            let offset = tail.uint64(place - 12)
            guard let offset, offset <= end - 20 - 56 else {
                throw .archive(path: path, reason: "its 64-bit record lies outside it")
            }
            let record = ByteReader(try file.bytes(at: offset, count: 56))
            guard record.uint32(0) == 0x0606_4b50, let count = record.uint64(32),
                let size = record.uint64(40), let start = record.uint64(48)
            else {
                throw .archive(path: path, reason: "its 64-bit record is damaged")
            }
            directory = Directory(count: count, size: size, offset: start)
            end = offset
        }
        guard directory.count <= limitMembers, directory.size <= 1 << 24 else {
            throw .archive(path: path, reason: "has more than \(limitMembers) members")
        }
        guard directory.offset <= end, directory.size <= end - directory.offset else {
            throw .archive(path: path, reason: "its table of contents lies outside it")
        }
        return directory
    }

    /// Parses the table of contents.
    static func members(_ table: [UInt8], count: Int) throws(FormatProblem) -> [Member] {
        let reader = ByteReader(table)
        var members: [Member] = []
        var names: Set<String> = []
        var place = 0
        for _ in 0..<count {
            guard place + 46 <= table.count, reader.uint32(place) == 0x0201_4b50 else {
                throw FormatProblem("its table of contents is damaged")
            }
            let nameEnd = place + 46 + reader.uint16(place + 28)
            let extraEnd = nameEnd + reader.uint16(place + 30)
            let end = extraEnd + reader.uint16(place + 32)
            guard end <= table.count else {
                throw FormatProblem("its table of contents is cut off")
            }
            guard let name = String(validating: table[place + 46..<nameEnd], as: UTF8.self),
                nameEnd - place - 46 <= 1024
            else {
                throw FormatProblem("the name of a member is no UTF-8, or too long")
            }
            guard names.insert(name).inserted else {
                throw FormatProblem("there are two members \(name)")
            }
            guard reader.uint16(place + 8) & 1 == 0 else {
                throw FormatProblem("member \(name) is encrypted")
            }
            let method = reader.uint16(place + 10)
            guard method == 0 || method == 8 else {
                throw FormatProblem(
                    "member \(name) is compressed by method \(method), expected stored or deflated"
                )
            }
            var member = Member(
                name: name,
                isDeflated: method == 8,
                checksum: UInt32(truncatingIfNeeded: reader.uint32(place + 16)),
                compressedSize: reader.uint32(place + 20),
                size: reader.uint32(place + 24),
                headerOffset: reader.uint32(place + 42)
            )
            try extend(&member, by: ByteReader(Array(table[nameEnd..<extraEnd])))
            try check(member)
            members.append(member)
            place = end
        }
        return members
    }

    /// Takes the 64-bit sizes from the extra fields, where the plain ones say so.
    private static func extend(
        _ member: inout Member,
        by extra: ByteReader
    ) throws(FormatProblem) {
        var place = 0
        while place + 4 <= extra.count {
            let end = place + 4 + extra.uint16(place + 2)
            guard end <= extra.count else { break }
            if extra.uint16(place) == 1 {
                var field = place + 4
                for path in [\Member.size, \.compressedSize, \.headerOffset]
                where member[keyPath: path] == 0xffff_ffff {
                    guard field + 8 <= end, let value = extra.uint64(field) else {
                        throw FormatProblem("member \(member.name) lacks its 64-bit sizes")
                    }
                    member[keyPath: path] = value
                    field += 8
                }
            }
            place = end
        }
    }

    private static func check(_ member: Member) throws(FormatProblem) {
        guard member.isDeflated || member.size == member.compressedSize else {
            throw FormatProblem("member \(member.name) is stored but has two sizes")
        }
        guard member.size <= freeSize || member.size / limitRatio <= member.compressedSize else {
            throw FormatProblem(
                """
                member \(member.name) would expand from \(member.compressedSize) to \
                \(member.size) bytes; more than \(limitRatio) times is refused
                """
            )
        }
    }

    /// Where the data of a member starts, by its local header.
    private static func dataOffset(
        of member: Member,
        in file: InputFile
    ) throws(SimulationFileError) -> Int {
        let damaged = SimulationFileError.array(
            path: file.path,
            name: member.name,
            reason: "its local header is damaged"
        )
        guard member.headerOffset <= file.size - 30 else { throw damaged }
        let header = ByteReader(try file.bytes(at: member.headerOffset, count: 30))
        let nameLength = header.uint16(26)
        let dataOffset = member.headerOffset + 30 + nameLength + header.uint16(28)
        guard header.uint32(0) == 0x0403_4b50, dataOffset <= file.size,
            member.compressedSize <= file.size - dataOffset,
            try file.bytes(at: member.headerOffset + 30, count: nameLength)
                == Array(member.name.utf8)
        else { throw damaged }
        return dataOffset
    }
}

/// Numbers in bytes, the lowest byte first; zeros beyond the end.
private struct ByteReader {
    private let bytes: [UInt8]

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    var count: Int { bytes.count }

    func uint16(_ place: Int) -> Int { Int(truncatingIfNeeded: number(place, 2)) }
    func uint32(_ place: Int) -> Int { Int(truncatingIfNeeded: number(place, 4)) }
    /// Nil beyond what a file can have.
    func uint64(_ place: Int) -> Int? {
        let value = number(place, 8)
        return value <= 1 << 60 ? Int(value) : nil
    }

    private func number(_ place: Int, _ size: Int) -> UInt64 {
        (0..<size).reduce(0) { number, index in
            guard bytes.indices.contains(place + index) else { return number }
            return number | UInt64(bytes[place + index]) << UInt64(8 * index)
        }
    }
}
