import HTTPMessages

/// The earliest moments at which connections want a look, as a binary heap.
///
/// An entry is not removed when its connection's deadline moves later; it is looked at when it is
/// due and goes back in. So a request costs no heap work at all.
struct TimerHeap {
    struct Entry {
        let time: MonotonicTime
        let token: ConnectionToken
    }

    private var entries: [Entry] = []

    /// The earliest entry.
    var first: Entry? { entries.first }

    mutating func insert(_ entry: Entry) {
        entries.append(entry)
        var child = entries.count - 1
        while child > 0 {
            let parent = (child - 1) / 2
            guard entries[child].time < entries[parent].time else { break }
            entries.swapAt(child, parent)
            child = parent
        }
    }

    /// Takes the earliest entry out.
    mutating func removeFirst() -> Entry? {
        guard let last = entries.popLast() else { return nil }
        guard let first = entries.first else { return last }
        entries[0] = last
        var parent = 0
        while true {
            var least = parent
            for child in [2 * parent + 1, 2 * parent + 2]
            where child < entries.count && entries[child].time < entries[least].time {
                least = child
            }
            guard least != parent else { return first }
            entries.swapAt(parent, least)
            parent = least
        }
    }
}
