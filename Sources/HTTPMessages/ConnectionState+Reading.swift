// Bytes into requests: the header section, its content, and content that nobody reads.
extension ConnectionState {
    mutating func consumeBuffer(
        _ body: (inout ConnectionState, Span<UInt8>) -> Int
    ) {
        var taken = InputBuffer()
        swap(&taken, &buffer)
        taken.consume { bytes in body(&self, bytes) }
        swap(&taken, &buffer)
    }

    /// Parses a piece of a header section and returns how much of it was used.
    mutating func readHead(_ bytes: Span<UInt8>, at now: MonotonicTime) -> Int {
        do throws(HTTPParseError) {
            switch try parser.parse(bytes) {
            case .needsMore(let consumed):
                if !headerClockRuns, !bytes.isEmpty {
                    headerClockRuns = true
                    stateDeadline = now.advanced(by: limits.headerTimeout)
                }
                return consumed
            case .complete(let complete, let consumed):
                headerClockRuns = false
                head = complete
                headComplete = now
                isContentRead = false
                bodyRemaining = 0
                if case .length(let length) = complete.framing { bodyRemaining = length }
                requestCount += 1
                state = .headComplete
                stateDeadline = nil
                return consumed
            }
        } catch {
            refuse(error)
            return bytes.count
        }
    }

    /// Adds a piece of content and returns how much of it belonged to it.
    mutating func readBody(_ bytes: Span<UInt8>, at now: MonotonicTime) -> Int {
        guard !bytes.isEmpty else { return 0 }
        do throws(HTTPParseError) {
            let used: Int
            let isComplete: Bool
            if decoder != nil {
                used = try decoder?.decode(bytes, into: &body) ?? 0
                isComplete = decoder?.isComplete ?? true
            } else {
                used = min(bodyRemaining, bytes.count)
                body.append(copying: bytes.extracting(0..<used))
                bodyRemaining -= used
                isComplete = bodyRemaining == 0
            }
            if isComplete {
                state = .bodyComplete
                stateDeadline = nil
            } else {
                setBodyDeadline(at: now)
            }
            return used
        } catch {
            refuse(error)
            return bytes.count
        }
    }

    /// Drops content of a request that was refused and returns how much of it there was.
    mutating func skipBody(_ bytes: Span<UInt8>, at now: MonotonicTime) -> Int {
        let used = min(bodyRemaining, bytes.count)
        bodyRemaining -= used
        if bodyRemaining == 0 { readNext(at: now) }
        return used
    }

    /// Goes on to the next request, unless there is to be none.
    mutating func readNext(at now: MonotonicTime) {
        state = draining ? .finishing : .readingHead
        stateDeadline = draining ? nil : now.advanced(by: limits.idleTimeout)
    }

    /// The earlier of two clocks: inactivity, and the moment the average rate falls too low.
    mutating func setBodyDeadline(at now: MonotonicTime) {
        let inactive = now.advanced(by: limits.bodyInactivityTimeout)
        stateDeadline = inactive
        guard limits.bodyBytesPerSecond > 0 else { return }
        let paid = Duration.milliseconds(body.count &* 1_000 / limits.bodyBytesPerSecond)
        let slow = bodyStart.advanced(by: max(limits.bodyRateGrace, paid))
        stateDeadline = min(inactive, slow)
    }
}
