import HTTPMessages
import HTTPTypes

/// A connection as its loop sees it: transport, protocol state and output that waits.
///
/// Only its loop's thread touches it.
final class Connection {
    /// What became of an attempt to write everything out.
    enum Flush {
        case drained
        case blocked
        case failed
    }

    /// Content up to this many bytes is copied behind its head; more is sent from where it lies.
    private static let copiedBytes = 16_384
    /// Output storage up to this many bytes is kept for the next answer.
    private static let keptBytes = 16_384

    var transport: Transport
    let token: ConnectionToken
    let address: PeerAddress
    /// Whether the server was full, so that only probes are answered.
    let isRestricted: Bool
    var state: ConnectionState
    /// When the TLS handshake has to be complete; nil without one, and once it is.
    var handshakeDeadline: MonotonicTime?
    /// The subject of the certificate the client showed.
    var certificate: String?
    /// What the epoll set reports.
    var interest: Readiness = [.input, .peerClosed]
    /// The earliest entry in the timer heap.
    var scheduled: MonotonicTime?
    /// Content counted with the job queue.
    var reservedBytes = 0
    /// Output that waits for the client, counted with the job queue; 0 while all is taken at once.
    var heldBytes = 0
    /// When to see whether it has waited for too long.
    var holdDue: MonotonicTime?
    /// Whether input came that cannot be used yet, or the end of input after it was noted.
    var hasUnwantedInput = false
    /// Whether the peer sends no more: it shut its sending side down, or is gone.
    var peerHasClosed = false
    /// When to find out which of the two it is.
    var probeDue: MonotonicTime?
    /// Those of the request in progress.
    var interim = InterimAnswers()
    /// The request that is admitted and not yet answered, and what is known of it.
    var request: HTTPRequest?
    var context: RequestContext?
    /// When its header section was complete.
    var requestStart: MonotonicTime
    /// Bytes of its content.
    var contentBytes = 0
    /// Tells the work of the request in progress that nobody waits for it.
    var cancellation: Cancellation?
    /// What that request counts as among its client's.
    var place: ClientRequests.Place?
    /// The answer that is being made piece by piece, if one is.
    var streaming: StreamingAnswer?
    var isClosed = false

    private var head: [UInt8] = []
    private var headStart = 0
    private var content: [UInt8] = []
    private var contentStart = 0
    /// Whether output waits for the peer.
    private(set) var isBlocked = false

    init(
        transport: consuming Transport,
        token: ConnectionToken,
        address: PeerAddress,
        isRestricted: Bool,
        state: ConnectionState,
        at now: MonotonicTime
    ) {
        self.transport = transport
        self.token = token
        self.address = address
        self.isRestricted = isRestricted
        self.state = state
        requestStart = now
    }

    /// When the loop has to look at it though nothing happened.
    var deadline: MonotonicTime? {
        var due = handshakeDeadline ?? state.deadline
        if let probeDue { due = min(probeDue, due ?? probeDue) }
        if let holdDue { due = min(holdDue, due ?? holdDue) }
        return due
    }

    /// The memory that output takes until all of it has been written, in bytes.
    var outputBytes: Int { head.capacity + content.capacity }

    /// Whether output waits to be written.
    var hasOutput: Bool { headStart < head.count || contentStart < content.count }

    /// Whether so much output waits that it should go before more is made.
    var isOutputFull: Bool { !content.isEmpty || head.count >= 65_536 }

    /// Receives once and tells the state what came.
    func receive(
        into input: inout [UInt8],
        plaintext: inout [UInt8],
        at now: MonotonicTime
    ) -> Socket.Transfer {
        transport.receive(into: &input, plaintext: &plaintext) { bytes in
            state.receive(bytes, at: now)
        }
    }

    /// Queues an interim answer.
    func sendContinue() {
        head.append(contentsOf: ResponseSerializer.goOn)
        interim.sent()
    }

    /// Queues a final answer; the state decides whether it is the last.
    func respond(
        _ response: ServerResponse,
        closing: Bool,
        context: RequestContext,
        serializer: borrowing ResponseSerializer,
        at now: MonotonicTime
    ) {
        interim = InterimAnswers()
        let body = state.respond(
            response,
            closing: closing,
            context: context,
            serializer: serializer,
            to: &head,
            at: now
        )
        queue(body)
    }

    /// Queues a piece of a streamed answer; everything before it has been written.
    func send(_ piece: consuming [UInt8], isLast: Bool, at now: MonotonicTime) {
        state.frame(&piece, isLast: isLast, to: &head, at: now)
        queue(piece)
    }

    private func queue(_ body: [UInt8]) {
        if body.count <= Self.copiedBytes, content.isEmpty {
            head.append(contentsOf: body)
        } else {
            content = body
            contentStart = 0
        }
    }

    /// Writes what is queued and tells the state how far that went.
    func flush(at now: MonotonicTime) -> Flush {
        while hasOutput || transport.pendingBytes > 0 {
            switch transport.send(head, from: headStart, content, from: contentStart) {
            case .moved(let count):
                let fromHead = min(count, head.count - headStart)
                headStart += fromHead
                contentStart += count - fromHead
                isBlocked = false
            case .blocked:
                if !isBlocked { state.outputBlocked(at: now) }
                isBlocked = true
                return .blocked
            case .ended, .failed: return .failed
            }
        }
        isBlocked = false
        head.removeAll(keepingCapacity: head.capacity <= Self.keptBytes)
        headStart = 0
        if !content.isEmpty {
            content = []
            contentStart = 0
        }
        state.outputDrained(at: now)
        return .drained
    }
}
