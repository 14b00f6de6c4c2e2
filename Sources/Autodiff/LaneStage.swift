import Kernels

/// What one stage of a plan runs on a tile: loads, a tape, stores.
struct LaneStage: Sendable {
    /// An input to be loaded before the tape runs.
    struct Load: Sendable {
        var input: Int
        var row: Int
    }

    /// A value to be stored after the tape has run, at a column of the stage's result.
    struct Store: Sendable {
        var row: Int
        var width: Int
        var column: Int
    }

    var loads: [Load]
    var tape: LaneTape
    var stores: [Store]
    /// Columns of the stage's result.
    var resultWidth: Int
    /// Lanes of one tile: as many as keep the rows within the second-level cache.
    var tileLanes: Int
}

extension LaneStage {
    /// Bytes of rows one tile may have before it takes fewer lanes.
    private static let tileBytes = 1 << 20
    /// The largest tile: more lanes only cost cache.
    private static let maximumLanes = 128
    /// The smallest tile worth running: two vectors.
    private static let minimumLanes = 16

    static func tileLanes(rows: Int) -> Int {
        let fitting = tileBytes / (4 * max(rows, 1)) / minimumLanes * minimumLanes
        return min(max(fitting, minimumLanes), maximumLanes)
    }
}
