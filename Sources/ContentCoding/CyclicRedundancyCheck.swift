import CZlib

/// The CRC-32 of ISO 3309, as gzip and ZIP use it.
package struct CyclicRedundancyCheck {
    /// The checksum of the bytes so far.
    package private(set) var value: UInt32 = 0

    /// Starts with no bytes.
    package init() {}

    /// Takes in bytes.
    package mutating func combine(_ bytes: [UInt8]) {
        // Without bytes zlib starts afresh.
        guard !bytes.isEmpty else { return }
        value = unsafe bytes.withUnsafeBufferPointer { buffer in
            unsafe UInt32(
                truncatingIfNeeded: crc32_z(uLong(value), buffer.baseAddress, buffer.count)
            )
        }
    }
}
