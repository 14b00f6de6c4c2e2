import Synchronization

/// How many connections there are, in all and from each address.
final class ConnectionLedger: Sendable {
    /// What a new connection may do.
    enum Verdict {
        /// Everything.
        case full
        /// Only to ask after the server's health: it is full.
        case restricted
        /// Nothing: its address has too many already.
        case refused
    }

    /// Connections beyond the limit, so that probes come through.
    static let reserve = 64

    private struct Counts {
        var total = 0
        var byAddress: [PeerAddress: Int] = [:]
    }

    private let limit: Int
    private let limitPerAddress: Int?
    private let counts = Mutex(Counts())

    init(limit: Int, limitPerAddress: Int?) {
        self.limit = limit
        self.limitPerAddress = limitPerAddress
    }

    /// How many connections there are.
    var count: Int { counts.withLock { $0.total } }

    /// Whether one more may be accepted at all.
    var hasRoom: Bool { counts.withLock { $0.total < limit + Self.reserve } }

    /// Counts a connection unless it is refused.
    func admit(_ address: PeerAddress) -> Verdict {
        counts.withLock { counts in
            if let limitPerAddress {
                let count = counts.byAddress[address, default: 0]
                guard count < limitPerAddress else { return .refused }
                counts.byAddress[address] = count + 1
            }
            counts.total += 1
            return counts.total <= limit ? .full : .restricted
        }
    }

    /// Forgets a connection that was admitted.
    func release(_ address: PeerAddress) {
        counts.withLock { counts in
            counts.total -= 1
            guard limitPerAddress != nil else { return }
            let count = counts.byAddress[address, default: 1] - 1
            counts.byAddress[address] = count > 0 ? count : nil
        }
    }
}
