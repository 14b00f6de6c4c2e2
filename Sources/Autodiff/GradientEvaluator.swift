import Kernels
import Synchronization

/// Sums a program's loss and its parameter gradient over a batch.
///
/// A batch is cut into tiles of a fixed size and the tiles are dealt to a fixed number of slots;
/// slots are added in order, so neither the loss nor the gradient depends on the thread count.
public final class GradientEvaluator: Sendable {
    /// Partial gradients; more than the threads that are likely to be there.
    private static let slotCount = 8

    private let inputs: [LaneInput]
    private let stage: LaneStage
    private let layout: ParameterLayout
    private let mask: [Float]
    private let memories = MemoryPool()
    private let gradients = Mutex<[[SIMD8<Float>]]>([])

    /// Plans a program with its parameter sinks; every lane has its own observation.
    ///
    /// - Parameters:
    ///   - program: The graph, its sinks appended.
    ///   - loss: What is summed over samples, of width 1.
    public init(_ program: LaneProgram, loss: LaneValue) {
        precondition(loss.width == 1, "a loss of width \(loss.width)")
        inputs = program.inputs
        layout = program.layout
        mask = program.layout.mask
        stage =
            LanePlan(program: program, outputs: [loss], collapsed: true, withSinks: true)
            .sampleStage
    }

    /// The sum of the loss over `count` samples; overwrites `gradient` with the mean's.
    public func lossAndGradient(
        parameters: [Float],
        count: Int,
        sources: [LaneInputSource],
        workers: Int,
        gradient: inout [Float]
    ) -> Double {
        precondition(count > 0 && gradient.count == layout.count)
        let tiles = Tiles(groups: 1, size: count, lanes: stage.tileLanes, workers: 1)
        let slots = min(Self.slotCount, tiles.count)
        let partial = Mutex([SlotSum?](repeating: nil, count: slots))
        ParallelTiles.run(count: slots, workers: workers) { slot in
            let sum = self.sum(slot, of: slots, tiles, parameters, sources)
            partial.withLock { $0[slot] = sum }
        }
        let sums = partial.withLock { $0.compactMap(\.self) }
        reduceGradients(
            sums.map(\.gradient),
            scale: 1 / Float(count),
            mask: mask,
            workers: workers,
            into: &gradient
        )
        gradients.withLock { list in list += sums.map(\.gradient) }
        return sums.reduce(0) { $0 + $1.loss }
    }

    private struct SlotSum: Sendable {
        var loss: Double
        var gradient: [SIMD8<Float>]
    }

    private func sum(
        _ slot: Int,
        of slots: Int,
        _ tiles: Tiles,
        _ parameters: [Float],
        _ sources: [LaneInputSource]
    ) -> SlotSum {
        var gradient = takeGradient()
        var memory = memories.take(rows: stage.tape.rows, lanes: stage.tileLanes)
        var loss = 0.0
        for tile in stride(from: slot, to: tiles.count, by: slots) {
            let lanes = tiles.range(tile)
            memory.setLanes(lanes.count)
            memory.load(stage.loads, inputs, sources, samples: 1, laneCount: lanes.count) {
                LanePlace(observation: lanes.lowerBound + $0, sample: lanes.lowerBound + $0)
            }
            memory.execute(
                stage.tape,
                parameters: parameters,
                observation: [],
                observationOffset: 0,
                gradient: &gradient
            )
            for lane in 0..<lanes.count { loss += Double(memory[stage.stores[0].row, lane]) }
        }
        memories.give(memory)
        return SlotSum(loss: loss, gradient: gradient)
    }

    /// A zeroed gradient, from the ones used before.
    private func takeGradient() -> [SIMD8<Float>] {
        var gradient =
            gradients.withLock { $0.popLast() }
            ?? Array(repeating: .zero, count: layout.count / LaneMemory.vectorWidth)
        for index in gradient.indices { gradient[index] = .zero }
        return gradient
    }
}
