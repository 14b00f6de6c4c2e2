/// The batches of an epoch.
///
/// Rows of files are read a window of the order at a time, so that a batch costs no read of its own.
package struct EpochBatches {
    private var order: EpochOrder
    private let data: SimulationSet
    /// The rows of the window in hand, and where it starts.
    private var loaded: (start: Int, batch: SimulationSet.Batch)?

    /// Starts an epoch.
    package init(_ order: EpochOrder, of data: SimulationSet) {
        self.order = order
        self.data = data
    }

    /// The rows at positions of the order.
    package mutating func rows(at positions: Range<Int>) -> [Int] { order.rows(at: positions) }

    /// The batch at positions of the order.
    package mutating func batch(
        at positions: Range<Int>
    ) throws(TrainingError) -> SimulationSet.Batch {
        if data.isResident { return try data.batch(order.rows(at: positions)[...]) }
        var parts = SimulationSet.Batch(theta: [], x: [], rows: [])
        var position = positions.lowerBound
        while position < positions.upperBound {
            order.moveWindow(to: position)
            let window = try loadedWindow()
            let part = order.window.positions.clamped(to: position..<positions.upperBound)
            let start = order.window.start
            let places = order.window.order[part.lowerBound - start..<part.upperBound - start]
            if part == positions {
                return SimulationSet.Batch(theta: window.theta, x: window.x, rows: places)
            }
            for place in places {
                parts.theta += window.theta[place * data.thetaDim..<(place + 1) * data.thetaDim]
                parts.x += window.x[place * data.xDim..<(place + 1) * data.xDim]
            }
            position = part.upperBound
        }
        parts.rows = Array(0..<positions.count)[...]
        return parts
    }

    /// The rows of the order's window, read if they are not in hand.
    private mutating func loadedWindow() throws(TrainingError) -> SimulationSet.Batch {
        if let loaded, loaded.start == order.window.start { return loaded.batch }
        // The old rows go before the new ones come.
        loaded = nil
        let batch = try data.batch(order.window.rows[...])
        loaded = (order.window.start, batch)
        return batch
    }
}
