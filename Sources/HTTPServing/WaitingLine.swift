/// Elements in the order they came; taking the first one does not move the others.
struct WaitingLine<Element> {
    private var elements: [Element] = []
    /// Where the line begins; those before are done with.
    private var first = 0

    var count: Int { elements.count - first }
    var isEmpty: Bool { count == 0 }

    mutating func append(_ element: Element) {
        elements.append(element)
    }

    /// Takes the first one out.
    mutating func removeFirst() -> Element? {
        guard !isEmpty else { return nil }
        let element = elements[first]
        first += 1
        if isEmpty {
            elements.removeAll(keepingCapacity: true)
            first = 0
        } else if first >= 128 {
            elements.removeFirst(first)
            first = 0
        }
        return element
    }

    /// Takes the first one out that is the one.
    mutating func remove(where isTheOne: (Element) -> Bool) -> Element? {
        let index = elements.indices.dropFirst(first).first { isTheOne(elements[$0]) }
        return index.map { elements.remove(at: $0) }
    }
}
