import HTTPMessages

/// How many wrong keys came from each address, so that guessing has its price.
///
/// An address may be wrong so many times, and once a second from then on. Right keys are never
/// held up, whoever else is behind the same address.
struct FailedKeys: Sendable {
    private let accounts: ClientAccounts

    init(limit: Int) {
        // A failure costs a second of a budget into which a second comes in each second; what is
        // left after so many is not enough for one more.
        accounts = ClientAccounts(
            ClientBudget(millisecondsPerSecond: 1_000, burstMilliseconds: limit * 1_000 - 999)
        )
    }

    /// Notes a wrong key.
    ///
    /// - Returns: Nil while there were not too many, else the seconds to wait before the next.
    func failed(_ address: PeerAddress, at now: MonotonicTime) -> Int? {
        let client = ClientAccounts.Client(key: nil, address)
        if let seconds = accounts.waitingSeconds(client, at: now) { return seconds }
        accounts.charge(.seconds(1), to: client, at: now)
        return nil
    }
}
