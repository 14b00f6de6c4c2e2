/// Bytes received and not yet consumed: a partial line, or requests that wait for their turn.
struct InputBuffer: Sendable {
    private var bytes: [UInt8] = []
    private var start = 0

    var isEmpty: Bool { start == bytes.count }

    /// Adds what was received; consumed bytes are dropped first, so each is moved at most once.
    mutating func append(_ input: Span<UInt8>) {
        guard !input.isEmpty else { return }
        if start > 0 {
            bytes.removeFirst(start)
            start = 0
        }
        bytes.append(copying: input)
    }

    /// Calls `body` with what is left and consumes as much as it returns.
    mutating func consume<Failure: Error>(
        _ body: (Span<UInt8>) throws(Failure) -> Int
    ) throws(Failure) {
        start += try body(bytes.span.extracting(start..<bytes.count))
        if start == bytes.count { removeAll() }
    }

    mutating func removeAll() {
        bytes = []
        start = 0
    }
}

extension [UInt8] {
    /// Appends the bytes of a span; the storage doubles, so that many small pieces stay linear.
    package mutating func append(copying input: Span<UInt8>) {
        if count + input.count > capacity {
            reserveCapacity(Swift.max(count + input.count, 2 * capacity))
        }
        append(addingCapacity: input.count) { (output: inout OutputSpan<UInt8>) in
            for index in input.indices {
                output.append(input[index])
            }
        }
    }
}
