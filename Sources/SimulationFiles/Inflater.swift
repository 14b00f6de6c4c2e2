import CZlib

/// A stream of raw deflate, RFC 1951, that zlib expands.
@safe struct Inflater: ~Copyable {
    private let stream: UnsafeMutablePointer<z_stream>
    /// Whether the end of the compressed data was reached.
    private(set) var isFinished = false

    /// Starts a stream.
    init() throws(FormatProblem) {
        unsafe stream = .allocate(capacity: 1)
        unsafe stream.initialize(to: z_stream())
        let size = unsafe Int32(MemoryLayout<z_stream>.size)
        guard unsafe inflateInit2_(stream, -MAX_WBITS, ZLIB_VERSION, size) == Z_OK else {
            unsafe stream.deallocate()
            throw FormatProblem("there is no memory to decompress it")
        }
    }

    deinit {
        unsafe inflateEnd(stream)
        unsafe stream.deallocate()
    }

    /// Expands bytes, calling back with at most 256 KiB at a time.
    ///
    /// - Parameters:
    ///   - bytes: The next compressed bytes.
    ///   - body: Takes expanded bytes; false ends the call.
    /// - Returns: How many of the bytes belong to the stream.
    /// - Throws: `FormatProblem` when they are no deflate.
    mutating func expand(
        _ bytes: [UInt8],
        body: ([UInt8]) -> Bool
    ) throws(FormatProblem) -> Int {
        var input = bytes
        var consumed = 0
        while !isFinished {
            var output = [UInt8](repeating: 0, count: 1 << 18)
            var status = Z_OK
            let (taken, given) = unsafe input.withUnsafeMutableBufferPointer { source in
                unsafe output.withUnsafeMutableBufferPointer { target in
                    let available = source.count - consumed
                    unsafe stream.pointee.next_in = source.baseAddress.map { unsafe $0 + consumed }
                    unsafe stream.pointee.avail_in = UInt32(available)
                    unsafe stream.pointee.next_out = target.baseAddress
                    unsafe stream.pointee.avail_out = UInt32(target.count)
                    status = unsafe inflate(stream, Z_NO_FLUSH)
                    return unsafe (
                        available - Int(stream.pointee.avail_in),
                        target.count - Int(stream.pointee.avail_out)
                    )
                }
            }
            consumed += taken
            isFinished = status == Z_STREAM_END
            // Z_BUF_ERROR asks for more input.
            guard status == Z_OK || status == Z_STREAM_END || status == Z_BUF_ERROR else {
                throw FormatProblem("its compressed data is damaged")
            }
            if given > 0, !body(Array(output.prefix(given))) { return consumed }
            if given < output.count && consumed == bytes.count { break }
            if given == 0 && taken == 0 { break }
        }
        return consumed
    }
}

/// The CRC-32 of ISO 3309, as ZIP uses it.
struct CyclicRedundancyCheck {
    /// The checksum of the bytes so far.
    private(set) var value: UInt32 = 0

    /// Takes in bytes.
    mutating func combine(_ bytes: [UInt8]) {
        // Without bytes zlib starts afresh.
        guard !bytes.isEmpty else { return }
        value = unsafe bytes.withUnsafeBufferPointer { buffer in
            unsafe UInt32(
                truncatingIfNeeded: crc32_z(uLong(value), buffer.baseAddress, buffer.count)
            )
        }
    }
}
