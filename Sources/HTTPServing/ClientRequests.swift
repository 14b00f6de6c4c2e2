import Synchronization

/// How many requests of each client are being worked on, and how many may be.
final class ClientRequests: Sendable {
    /// A request that counts until its work has ended.
    final class Place: Sendable {
        private let requests: ClientRequests
        private let client: ClientAccounts.Client
        private let isGiven = Atomic(false)

        fileprivate init(_ requests: ClientRequests, _ client: ClientAccounts.Client) {
            self.requests = requests
            self.client = client
        }

        /// Gives the place back before the answer is on its way, so that a client which has it may
        /// ask again.
        func giveBack() {
            guard !isGiven.exchange(true, ordering: .relaxed) else { return }
            requests.end(client)
        }

        // Where nobody is answered, the work ends with the last who holds the place.
        deinit { giveBack() }
    }

    private let limit: Int
    /// Only clients with a request, so no more than the queue and the connections hold.
    private let counts = Mutex<[ClientAccounts.Client: Int]>([:])

    /// Makes the counts of clients that may each have so many.
    init(limit: Int) {
        self.limit = limit
    }

    /// Whether a client may have no further one now.
    func isFull(_ client: ClientAccounts.Client) -> Bool {
        counts.withLock { $0[client, default: 0] >= limit }
    }

    /// Takes a place for a request; nil when the client has as many as it may.
    func begin(_ client: ClientAccounts.Client) -> Place? {
        let isTaken = counts.withLock { counts in
            guard counts[client, default: 0] < limit else { return false }
            counts[client, default: 0] += 1
            return true
        }
        return isTaken ? Place(self, client) : nil
    }

    private func end(_ client: ClientAccounts.Client) {
        counts.withLock { counts in
            let count = counts[client, default: 0] - 1
            counts[client] = count > 0 ? count : nil
        }
    }
}
