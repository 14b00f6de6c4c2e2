import HTTPMessages
import Synchronization

/// What is left of each client's budget.
final class ClientAccounts: Sendable {
    /// Whose account it is.
    enum Client: Hashable, Sendable {
        case key(String)
        case network(high: UInt64, low: UInt64)
        /// Those for whom there was no room.
        case others
    }

    private struct Account {
        /// Nanoseconds of work; below zero what is owed.
        var balance: Double
        var time: MonotonicTime
    }

    private struct Book {
        var accounts: [Client: Account] = [:]
        /// When accounts that are full again were last looked for.
        var swept: MonotonicTime?
    }

    /// Accounts that are kept at once; clients beyond it share one.
    static let limit = 65_536
    /// Looking through all of them takes a millisecond, which a stranger with many addresses
    /// should not have whenever it likes.
    private static let sweepInterval = Duration.seconds(1)

    private let budget: ClientBudget
    private let book = Mutex(Book())

    init(_ budget: ClientBudget) {
        self.budget = budget
    }

    private var burst: Double { Double(budget.burstMilliseconds) * 1e6 }
    /// Nanoseconds of work that come in for each that passes.
    private var rate: Double { Double(budget.millisecondsPerSecond) / 1e3 }

    /// Whether a client may begin something.
    ///
    /// - Returns: Nil if it may, else the whole seconds after which it may, at least one.
    func waitingSeconds(_ client: Client, at now: MonotonicTime) -> Int? {
        book.withLock { book in
            guard let account = book.accounts[client] ?? others(book.accounts, client) else {
                return nil
            }
            let balance = balance(account, at: now)
            guard balance <= 0 else { return nil }
            return max(1, Int(min(-balance / rate / 1e9, 86_400).rounded(.up)))
        }
    }

    /// Takes work that was done for a client from its account.
    func charge(_ work: Duration, to client: Client, at now: MonotonicTime) {
        let cost = Double(work.components.seconds) * 1e9 + Double(work.components.attoseconds) / 1e9
        book.withLock { book in
            var client = client
            if book.accounts[client] == nil, book.accounts.count >= Self.limit {
                if book.swept.map({ now.since($0) >= Self.sweepInterval }) ?? true {
                    book.swept = now
                    book.accounts = book.accounts.filter { balance($0.value, at: now) < burst }
                }
                if book.accounts.count >= Self.limit { client = .others }
            }
            let left = book.accounts[client].map { balance($0, at: now) } ?? burst
            book.accounts[client] = Account(balance: left - cost, time: now)
        }
    }

    private func others(_ accounts: [Client: Account], _ client: Client) -> Account? {
        accounts.count >= Self.limit ? accounts[.others] : nil
    }

    private func balance(_ account: Account, at now: MonotonicTime) -> Double {
        let passed = now.since(account.time).components
        let nanoseconds = Double(passed.seconds) * 1e9 + Double(passed.attoseconds) / 1e9
        return min(burst, account.balance + nanoseconds * rate)
    }
}

extension ClientAccounts.Client {
    /// The client behind a connection, by the name of its key or by its address.
    init(key: String?, _ address: PeerAddress) {
        if let key {
            self = .key(key)
        } else if address.isVersion6 {
            self = .network(high: address.high, low: 1)
        } else {
            self = .network(high: 0, low: address.low << 1)
        }
    }
}
