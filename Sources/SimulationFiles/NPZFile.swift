import ContentCoding

/// Writes arrays the way `numpy.savez` does: a ZIP archive of stored .npy files.
///
/// *Reference*: NEP 1, A Simple File Format for NumPy Arrays; APPNOTE.TXT, .ZIP File Format
/// Specification, version 6.3.10.
public enum NPZFile {
    /// An array of the archive.
    public struct Entry {
        /// Its key in `numpy.load`.
        public let name: String
        /// The extent of each axis.
        public let shape: [Int]
        /// The values, row-major.
        public let values: [Float]

        /// Makes an entry from its parts.
        public init(name: String, shape: [Int], values: [Float]) {
            self.name = name
            self.shape = shape
            self.values = values
        }
    }

    /// The bytes of an archive, a function of the arrays alone; nil when they exceed the 4 GiB of
    /// the plain ZIP format.
    public static func encoded(_ entries: [Entry]) -> [UInt8]? {
        var archive: [UInt8] = []
        var directory: [UInt8] = []
        for entry in entries {
            let content = arrayFile(shape: entry.shape, values: entry.values)
            let name = Array("\(entry.name).npy".utf8)
            guard archive.count + content.count < Int(UInt32.max) else { return nil }
            var check = CyclicRedundancyCheck()
            check.combine(content)
            // Version 2.0, no flags, stored, 1980-01-01 00:00, then checksum and sizes.
            var fields: [UInt8] = []
            fields.append(UInt16(20), UInt16(0), UInt16(0), UInt16(0), UInt16(0x21))
            fields.append(check.value, UInt32(content.count), UInt32(content.count))
            fields.append(UInt16(name.count), UInt16(0))
            directory.append(UInt32(0x0201_4b50))
            directory.append(UInt16(20))
            directory += fields
            // No comment, first disk, no attributes, then where the entry starts.
            directory.append(UInt16(0), UInt16(0), UInt16(0))
            directory.append(UInt32(0), UInt32(archive.count))
            directory += name
            archive.append(UInt32(0x0403_4b50))
            archive += fields
            archive += name
            archive += content
        }
        let start = archive.count
        archive += directory
        archive.append(UInt32(0x0605_4b50))
        archive.append(UInt16(0), UInt16(0), UInt16(entries.count), UInt16(entries.count))
        archive.append(UInt32(directory.count), UInt32(start))
        archive.append(UInt16(0))
        return archive
    }

    /// An array as a .npy file of version 1.0.
    public static func arrayFile(shape: [Int], values: [Float]) -> [UInt8] {
        let extents = shape.map { "\($0), " }.joined()
        var header = "{'descr': '<f4', 'fortran_order': False, 'shape': (\(extents)), }"
        // The data starts at a multiple of 64, and the header ends with a newline.
        let unpadded = 10 + header.utf8.count + 1
        header += String(repeating: " ", count: (64 - unpadded % 64) % 64) + "\n"
        var bytes: [UInt8] = [0x93] + Array("NUMPY".utf8) + [1, 0]
        bytes.reserveCapacity(128 + 4 * values.count)
        bytes.append(UInt16(header.utf8.count))
        bytes += header.utf8
        for value in values {
            bytes.append(value.bitPattern)
        }
        return bytes
    }
}

extension [UInt8] {
    /// Appends numbers, the lowest byte first.
    fileprivate mutating func append<Number: FixedWidthInteger>(_ numbers: Number...) {
        for number in numbers {
            for shift in stride(from: 0, to: Number.bitWidth, by: 8) {
                append(UInt8(truncatingIfNeeded: number >> shift))
            }
        }
    }
}
