/// Elements in the order they came; taking the first one does not move the others.
struct WaitingLine<Element> {
    private var elements: [Element] = []
    /// Where the line begins; those before are done with.
    private var start = 0

    var count: Int { elements.count - start }
    var isEmpty: Bool { count == 0 }

    var first: Element? { isEmpty ? nil : elements[start] }

    func contains(where isTheOne: (Element) -> Bool) -> Bool {
        elements.dropFirst(start).contains(where: isTheOne)
    }

    mutating func append(_ element: Element) {
        elements.append(element)
    }

    /// Takes the first one out.
    mutating func removeFirst() -> Element? {
        guard !isEmpty else { return nil }
        let element = elements[start]
        start += 1
        if isEmpty {
            elements.removeAll(keepingCapacity: true)
            start = 0
        } else if start >= 128 {
            elements.removeFirst(start)
            start = 0
        }
        return element
    }

    /// Takes the first one out that is the one.
    mutating func remove(where isTheOne: (Element) -> Bool) -> Element? {
        let index = elements.indices.dropFirst(start).first { isTheOne(elements[$0]) }
        return index.map { elements.remove(at: $0) }
    }
}
