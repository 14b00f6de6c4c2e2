import CZlib

/// The owner of a zlib stream that expands.
@safe package struct InflateStream: ~Copyable {
    /// How the compressed data is wrapped.
    package enum Format: Int32 {
        /// Not at all, RFC 1951; zlib wants a negative number for it.
        case raw = -15
        /// RFC 1950.
        case zlib = 15
        /// RFC 1952; zlib adds 16 to the window's bits for it.
        case gzip = 31
    }

    /// How far a call came.
    package struct Step {
        package enum State {
            case open
            case ended
            case damaged
        }

        package var consumed: Int
        package var produced: Int
        package var state: State
    }

    private let stream: UnsafeMutablePointer<z_stream>

    /// Starts a stream; nil without memory.
    package init?(_ format: Format) {
        let stream = UnsafeMutablePointer<z_stream>.allocate(capacity: 1)
        unsafe stream.initialize(to: z_stream())
        let size = unsafe Int32(MemoryLayout<z_stream>.size)
        guard unsafe inflateInit2_(stream, format.rawValue, ZLIB_VERSION, size) == Z_OK else {
            unsafe stream.deallocate()
            return nil
        }
        unsafe self.stream = unsafe stream
    }

    deinit {
        unsafe inflateEnd(stream)
        unsafe stream.deallocate()
    }

    /// Expands bytes from a position on into a slice, as many as it takes.
    package mutating func inflate(
        _ bytes: [UInt8],
        from position: Int,
        into slice: inout [UInt8]
    ) -> Step {
        precondition(position <= bytes.count, "position \(position) of \(bytes.count)")
        let offered = min(bytes.count - position, 1 << 30)
        let room = min(slice.count, 1 << 30)
        return unsafe bytes.withUnsafeBufferPointer { source in
            unsafe slice.withUnsafeMutableBufferPointer { target in
                // zlib does not write to its input, but does not say so.
                unsafe stream.pointee.next_in = source.baseAddress.map { start in
                    unsafe UnsafeMutablePointer(mutating: start + position)
                }
                unsafe stream.pointee.avail_in = UInt32(offered)
                unsafe stream.pointee.next_out = target.baseAddress
                unsafe stream.pointee.avail_out = UInt32(room)
                let status = unsafe CZlib.inflate(stream, Z_NO_FLUSH)
                let state: Step.State =
                    switch status {
                    case Z_STREAM_END: .ended
                    case Z_OK, Z_BUF_ERROR: .open
                    default: .damaged
                    }
                return unsafe Step(
                    consumed: offered - Int(stream.pointee.avail_in),
                    produced: room - Int(stream.pointee.avail_out),
                    state: state
                )
            }
        }
    }
}
