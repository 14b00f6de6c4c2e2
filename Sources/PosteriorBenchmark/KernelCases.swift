import Kernels

/// The matrix kernel against the processor's peak, on one core.
enum KernelCases {
    static var all: [BenchmarkCase] {
        [
            multiplyAddPeak, matrix(rows: 48, inner: 50, lanes: 128),
            matrix(rows: 50, inner: 50, lanes: 64),
        ]
    }

    /// Fused multiply-adds in registers only: what the core can do at most.
    private static var multiplyAddPeak: BenchmarkCase {
        let rounds = 100_000
        var sink: Float = 0
        return BenchmarkCase(
            name: "kernel/fma_peak",
            operations: MultiplyAddPeak.operations(rounds: rounds)
        ) {
            sink += MultiplyAddPeak.run(rounds: rounds)
            precondition(!sink.isNaN)
        }
    }

    /// A dense product of `[rows, inner]` with one tile of lanes.
    private static func matrix(rows: Int, inner: Int, lanes: Int) -> BenchmarkCase {
        let stride = (inner + 7) / 8 * 8
        var stream = RandomStream(seed: 1)
        let weights = (0..<(rows * stride)).map { _ in Float(stream.uniform() - 0.5) }
        let tiles = MatrixTile.cover(rowExtents: Array(repeating: 0..<inner, count: rows))
        let product = LaneInstruction.linear(
            target: inner,
            source: 0,
            matrix: MatrixView(offset: 0, rowStride: stride, innerStride: 1),
            tiles: tiles.indices,
            addend: .zero
        )
        let repetitions = 1000
        let tape = LaneTape(
            instructions: Array(repeating: product, count: repetitions),
            tiles: tiles,
            indices: [],
            terms: [],
            literals: [],
            rows: inner + rows,
            parameterCount: weights.count,
            observationScalars: 0
        )
        var memory = LaneMemory(rows: inner + rows, maximumLanes: lanes)
        memory.setLanes(lanes)
        memory.fillPresence(into: 0, count: inner, laneCount: lanes)
        var gradient: [SIMD8<Float>] = []
        return BenchmarkCase(
            name: "kernel/matrix/\(rows)x\(inner)x\(lanes)",
            operations: 2 * Double(rows * inner * lanes * repetitions)
        ) {
            memory.execute(
                tape,
                parameters: weights,
                observation: [],
                observationOffset: 0,
                gradient: &gradient
            )
            precondition(!memory[inner, 0].isNaN)
        }
    }
}
