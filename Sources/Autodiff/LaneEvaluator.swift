public import Kernels
import Synchronization

/// What is fed to a declared input.
public enum LaneInputSource: Sendable {
    /// Row-major rows, one an observation or a sample (in the order `[B, S]`), by the input's rate.
    case rows([Float])
    /// Some rows of a row-major table, in the order of the list.
    case selected([Float], rows: ArraySlice<Int>)
    /// One key an observation, for a noise input (which also takes given rows, to replay draws);
    /// the samples are the draws from `first` on.
    case noise([NoiseKey], first: Int = 0)
    /// Nothing, for a presence input.
    case presence
}

/// Runs a program over batches of samples, in lanes and on several threads.
///
/// What a lane computes depends on its own inputs alone, so results change neither with the
/// batch a sample is in nor with the number of threads.
public final class LaneEvaluator: Sendable {
    /// Samples of one observation from which on the staged form is faster.
    private static let stagedSamples = 24
    /// Observations whose scalars are held at once.
    private static let observationsPerPass = 256

    private let inputs: [LaneInput]
    private let staged: LanePlan
    private let collapsed: LanePlan
    private let memories: MemoryPool
    /// Scalars of one result row: the widths of the outputs, added up.
    public let outputWidth: Int

    /// Plans a program, in its staged and its collapsed form.
    ///
    /// - Parameters:
    ///   - program: The graph.
    ///   - outputs: What one row of the result holds, in order.
    public init(_ program: LaneProgram, outputs: [LaneValue]) {
        inputs = program.inputs
        staged = LanePlan(program: program, outputs: outputs, collapsed: false, withSinks: false)
        collapsed = LanePlan(program: program, outputs: outputs, collapsed: true, withSinks: false)
        outputWidth = outputs.map(\.width).reduce(0, +)
        memories = MemoryPool()
    }

    /// Evaluates S samples of each of B observations.
    ///
    /// - Parameters:
    ///   - parameters: The weights, in the program's layout.
    ///   - observations: B.
    ///   - samples: S.
    ///   - sources: One for each declared input.
    ///   - workers: How many threads may take part.
    /// - Returns: `[B, S, outputWidth]`, row-major.
    public func evaluate(
        parameters: [Float],
        observations: Int,
        samples: Int,
        sources: [LaneInputSource],
        workers: Int
    ) -> [Float] {
        precondition(sources.count == inputs.count, "\(sources.count) of \(inputs.count) inputs")
        guard observations > 0, samples > 0 else { return [] }
        var result = [Float](repeating: 0, count: observations * samples * outputWidth)
        if samples >= Self.stagedSamples {
            for first in stride(from: 0, to: observations, by: Self.observationsPerPass) {
                let last = min(first + Self.observationsPerPass, observations)
                evaluateStaged(
                    parameters,
                    observations: first..<last,
                    samples,
                    sources,
                    workers,
                    into: &result
                )
            }
        } else {
            let stage = collapsed.sampleStage
            let tiles = Tiles(
                groups: 1,
                size: observations * samples,
                lanes: stage.tileLanes,
                workers: workers
            )
            ParallelTiles.fill(&result, ends: tiles.ends(width: outputWidth), workers: workers) {
                tile,
                target in
                let lanes = tiles.range(tile)
                self.run(
                    stage,
                    lanes: lanes,
                    place: { LanePlace(observation: $0 / samples, sample: $0) },
                    samples: samples,
                    sources,
                    parameters,
                    scalars: ([], 0),
                    into: &target
                )
            }
        }
        return result
    }

    private func evaluateStaged(
        _ parameters: [Float],
        observations: Range<Int>,
        _ samples: Int,
        _ sources: [LaneInputSource],
        _ workers: Int,
        into result: inout [Float]
    ) {
        let scalars = observationScalars(parameters, observations, samples, sources, workers)
        let width = staged.observationStage?.resultWidth ?? 0
        let stage = staged.sampleStage
        let tiles = Tiles(
            groups: observations.count,
            size: samples,
            lanes: stage.tileLanes,
            workers: workers
        )
        let run = { @Sendable (tile: Int, target: inout MutableSpan<Float>) in
            let lanes = tiles.range(tile)
            let local = lanes.lowerBound / samples
            self.run(
                stage,
                lanes: lanes,
                place: {
                    LanePlace(
                        observation: observations.lowerBound + local,
                        sample: observations.lowerBound * samples + $0
                    )
                },
                samples: samples,
                sources,
                parameters,
                scalars: (scalars, local * width),
                into: &target
            )
        }
        let ends = tiles.ends(width: outputWidth)
        if observations.count * samples * outputWidth == result.count {
            ParallelTiles.fill(&result, ends: ends, workers: workers, body: run)
        } else {
            let start = observations.lowerBound * samples * outputWidth
            var part = [Float](repeating: 0, count: ends.last ?? 0)
            ParallelTiles.fill(&part, ends: ends, workers: workers, body: run)
            result.replaceSubrange(start..<(start + part.count), with: part)
        }
    }

    /// Runs the observation stage: one lane an observation.
    private func observationScalars(
        _ parameters: [Float],
        _ observations: Range<Int>,
        _ samples: Int,
        _ sources: [LaneInputSource],
        _ workers: Int
    ) -> [Float] {
        guard let stage = staged.observationStage else { return [] }
        var scalars = [Float](repeating: 0, count: observations.count * stage.resultWidth)
        let tiles = Tiles(
            groups: 1,
            size: observations.count,
            lanes: stage.tileLanes,
            workers: workers
        )
        ParallelTiles.fill(
            &scalars,
            ends: tiles.ends(width: stage.resultWidth),
            workers: workers
        ) { tile, target in
            self.run(
                stage,
                lanes: tiles.range(tile),
                place: { LanePlace(observation: observations.lowerBound + $0, sample: 0) },
                samples: samples,
                sources,
                parameters,
                scalars: ([], 0),
                into: &target
            )
        }
        return scalars
    }

    private func run(
        _ stage: LaneStage,
        lanes: Range<Int>,
        place: (Int) -> LanePlace,
        samples: Int,
        _ sources: [LaneInputSource],
        _ parameters: [Float],
        scalars: (values: [Float], offset: Int),
        into target: inout MutableSpan<Float>
    ) {
        var memory = memories.take(rows: stage.tape.rows, lanes: stage.tileLanes)
        memory.setLanes(lanes.count)
        memory.load(stage.loads, inputs, sources, samples: samples, laneCount: lanes.count) {
            place(lanes.lowerBound + $0)
        }
        var noGradient: [SIMD8<Float>] = []
        memory.execute(
            stage.tape,
            parameters: parameters,
            observation: scalars.values,
            observationOffset: scalars.offset,
            gradient: &noGradient
        )
        for store in stage.stores {
            memory.store(
                from: store.row,
                width: store.width,
                laneCount: lanes.count,
                into: &target,
                column: store.column,
                stride: stage.resultWidth
            )
        }
        memories.give(memory)
    }
}

/// Which observation and which sample (counted over the whole batch) a lane carries.
struct LanePlace {
    var observation: Int
    var sample: Int
}

extension LaneMemory {
    /// Loads a stage's inputs.
    mutating func load(
        _ loads: [LaneStage.Load],
        _ inputs: [LaneInput],
        _ sources: [LaneInputSource],
        samples: Int,
        laneCount: Int,
        place: (Int) -> LanePlace
    ) {
        for load in loads {
            let input = inputs[load.input]
            let isObservation = input.rate == .observation
            switch (input.kind, sources[load.input]) {
            case (.table, .rows(let table)), (.noise, .rows(let table)):
                self.load(into: load.row, width: input.width, from: table, laneCount: laneCount) {
                    let place = place($0)
                    return isObservation ? place.observation : place.sample
                }
            case (.table, .selected(let table, let rows)):
                self.load(into: load.row, width: input.width, from: table, laneCount: laneCount) {
                    let place = place($0)
                    return rows[
                        rows.startIndex + (isObservation ? place.observation : place.sample)
                    ]
                }
            case (.noise(let kind), .noise(let keys, let first)):
                fillNoise(into: load.row, count: input.width, kind: kind, laneCount: laneCount) {
                    let place = place($0)
                    return (keys[place.observation], UInt64(first + place.sample % samples))
                }
            case (.presence, .presence):
                fillPresence(into: load.row, count: input.width, laneCount: laneCount)
            default:
                preconditionFailure("input \(load.input) of kind \(input.kind) has another source")
            }
        }
    }
}

/// Cuts `groups` runs of `size` lanes into tiles, none of which crosses a run's end.
struct Tiles: Sendable {
    private let size: Int
    private let lanes: Int
    private let tilesPerGroup: Int
    /// Number of tiles.
    let count: Int

    /// Tiles have at most `lanes` lanes, fewer when that lets every worker have one.
    init(groups: Int, size: Int, lanes: Int, workers: Int) {
        self.size = size
        let share = (groups * size + max(workers, 1) - 1) / max(workers, 1)
        self.lanes = min(lanes, max(32, (share + 15) / 16 * 16))
        tilesPerGroup = (size + self.lanes - 1) / self.lanes
        count = groups * tilesPerGroup
    }

    /// The lanes of a tile, counted over all groups.
    func range(_ tile: Int) -> Range<Int> {
        let (group, part) = tile.quotientAndRemainder(dividingBy: tilesPerGroup)
        let start = part * lanes
        return (group * size + start)..<(group * size + min(start + lanes, size))
    }

    /// Where each tile ends in a result of `width` scalars a lane.
    func ends(width: Int) -> [Int] { (0..<count).map { range($0).upperBound * width } }
}

/// Tile memories that wait for their next use.
final class MemoryPool: Sendable {
    private let free = Mutex<[LaneMemory]>([])

    /// A memory with at least these rows and lanes.
    func take(rows: Int, lanes: Int) -> LaneMemory {
        let found = free.withLock { list -> LaneMemory? in
            guard
                let index = list.lastIndex(where: {
                    $0.rows >= rows && $0.maximumVectorsPerRow * LaneMemory.vectorWidth >= lanes
                })
            else { return nil }
            return list.remove(at: index)
        }
        return found ?? LaneMemory(rows: rows, maximumLanes: lanes)
    }

    /// Gives a memory back.
    func give(_ memory: consuming LaneMemory) {
        let memory = memory
        free.withLock { $0.append(memory) }
    }
}
