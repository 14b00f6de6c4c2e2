import Dispatch
import HTTPMessages
import Synchronization

/// Names a connection of one loop; a later connection in the same slot has another generation.
struct ConnectionToken: Hashable, Sendable {
    let slot: UInt32
    let generation: UInt32

    init(slot: UInt32, generation: UInt32) {
        self.slot = slot
        self.generation = generation
    }

    /// The token in an event's key.
    init(key: UInt64) {
        slot = UInt32(truncatingIfNeeded: key)
        generation = UInt32(truncatingIfNeeded: key >> 32)
    }

    /// The token as an event's key.
    var key: UInt64 { UInt64(generation) << 32 | UInt64(slot) }
}

/// What other threads tell a loop.
enum LoopMessage: Sendable {
    /// Takes over an accepted descriptor.
    case adopt(Int32, PeerAddress, isRestricted: Bool)
    /// An answer was computed.
    case completed(ConnectionToken, number: Int, ServerResponse, WorkTimes)
    /// Say that this was read.
    case respond(DispatchGroup)
    /// A request waited too long for a worker.
    case waitedTooLong(ConnectionToken, number: Int)
    /// A piece of a streamed answer was made.
    case pieceMade(ConnectionToken, number: Int, StreamPiece)
    /// Finish what is in progress until a moment, then end.
    case drain(until: MonotonicTime)
}

/// The one way into a loop from other threads: a list of messages and a wake-up call.
final class LoopMailbox: Sendable {
    let wakeUp: WakeUp
    /// The set the loop waits on, made here so that a failure shows before the thread starts.
    let epoll: Epoll
    private let messages = Mutex<[LoopMessage]>([])

    init() throws(HTTPServerError) {
        wakeUp = try WakeUp()
        epoll = try Epoll()
    }

    /// Adds a message; the first one in an empty list wakes the loop.
    func post(_ message: LoopMessage) {
        let wasEmpty = messages.withLock { messages in
            messages.append(message)
            return messages.count == 1
        }
        if wasEmpty { wakeUp.signal() }
    }

    /// Takes all messages, on the loop's thread, after a wake-up.
    func takeAll() -> [LoopMessage] {
        wakeUp.acknowledge()
        return messages.withLock { messages in
            var taken: [LoopMessage] = []
            swap(&taken, &messages)
            return taken
        }
    }
}
