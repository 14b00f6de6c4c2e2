import CSystemEvents
import Glibc

/// What an epoll set reports or is asked to report, epoll_ctl(2).
struct Readiness: OptionSet {
    let rawValue: UInt32

    static let input = Readiness(rawValue: EPOLLIN.rawValue)
    static let output = Readiness(rawValue: EPOLLOUT.rawValue)
    static let peerClosed = Readiness(rawValue: EPOLLRDHUP.rawValue)
    static let error = Readiness(rawValue: EPOLLERR.rawValue)
    static let hangUp = Readiness(rawValue: EPOLLHUP.rawValue)
}

/// The owner of an epoll set; level-triggered.
struct Epoll: ~Copyable {
    private let descriptor: Descriptor

    init() throws(HTTPServerError) {
        let raw = epoll_create1(Int32(EPOLL_CLOEXEC))
        guard raw >= 0 else { throw .system(call: "epoll_create1", code: errno) }
        descriptor = Descriptor(owning: raw)
    }

    func add(_ target: borrowing Descriptor, _ interest: Readiness, key: UInt64) -> Bool {
        control(EPOLL_CTL_ADD, target, interest, key)
    }

    func modify(_ target: borrowing Descriptor, _ interest: Readiness, key: UInt64) -> Bool {
        control(EPOLL_CTL_MOD, target, interest, key)
    }

    func remove(_ target: borrowing Descriptor) {
        _ = control(EPOLL_CTL_DEL, target, [], 0)
    }

    private func control(
        _ operation: Int32,
        _ target: borrowing Descriptor,
        _ interest: Readiness,
        _ key: UInt64
    ) -> Bool {
        var event = unsafe epoll_event(events: interest.rawValue, data: epoll_data_t(u64: key))
        return unsafe epoll_ctl(descriptor.raw, operation, target.raw, &event) == 0
    }

    /// Waits for events, at most `milliseconds`; negative for as long as it takes.
    ///
    /// - Returns: How many events there are, zero after an interruption.
    func wait(into events: borrowing EventBuffer, milliseconds: Int32) -> Int {
        events.fill(from: descriptor, milliseconds: milliseconds)
    }
}

/// The owner of the memory in which an epoll set reports its events.
@safe struct EventBuffer: ~Copyable {
    private static let capacity = 256

    private let events: UnsafeMutablePointer<epoll_event>

    init() {
        unsafe events = .allocate(capacity: Self.capacity)
        unsafe events.initialize(repeating: epoll_event(), count: Self.capacity)
    }

    deinit {
        unsafe events.deallocate()
    }

    fileprivate func fill(from set: borrowing Descriptor, milliseconds: Int32) -> Int {
        let capacity = Int32(Self.capacity)
        return max(0, Int(unsafe epoll_wait(set.raw, events, capacity, milliseconds)))
    }

    /// Key and readiness of an event that the last wait counted.
    subscript(index: Int) -> (key: UInt64, readiness: Readiness) {
        precondition((0..<Self.capacity).contains(index), "no event \(index)")
        let event = unsafe events[index]
        return unsafe (event.data.u64, Readiness(rawValue: event.events))
    }
}
