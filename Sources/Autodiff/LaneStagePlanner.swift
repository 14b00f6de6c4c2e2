import Kernels

/// Turns the nodes of one stage into a tape: decides where values live, then emits instructions.
struct LaneStagePlanner {
    let graph: LiveGraph
    /// Whether a node is computed by this stage.
    let isOwn: [Bool]
    /// Where the values come from that this stage only reads, one scalar a row.
    let scalars: [Int: ScalarSource]
    /// The stage's constants.
    let literals: [Float]
    /// Length of an observation's scalars.
    let observationScalars: Int
    /// What leaves the stage, in order.
    let results: [Int]
    /// Parameter sums this stage feeds.
    let sinks: [ParameterSink]

    var home: [Int: (parent: Int, offset: Int)] = [:]
    private var firstRow: [Int: Int] = [:]
    var expansions: [Int: Int] = [:]
    var instructions: [LaneInstruction] = []
    var tiles: [MatrixTile] = []
    var indices: [Int] = []
    var terms: [ContractionTerm] = []
    var ownLiterals: [Float] = []
    var knownTiles: [LinearKey: Range<Int>] = [:]

    struct LinearKey: Hashable {
        var block: MatrixBlock
        var transposed: Bool
    }

    init(
        graph: LiveGraph,
        isOwn: [Bool],
        scalars: [Int: ScalarSource],
        literals: [Float],
        observationScalars: Int,
        results: [Int],
        sinks: [ParameterSink]
    ) {
        self.graph = graph
        self.isOwn = isOwn
        self.scalars = scalars
        self.literals = literals
        self.observationScalars = observationScalars
        self.results = results
        self.sinks = sinks
    }

    mutating func plan() -> LaneStage {
        ownLiterals = literals
        let own = graph.nodes.indices.filter { isOwn[$0] }
        let sinkPlaces = placesOfSinks()
        findExpansions(own, sinkPlaces)
        findHomes(own)
        let rows = allocate(own, sinkPlaces)
        emit(own, sinkPlaces)
        let tape = LaneTape(
            instructions: instructions,
            tiles: tiles,
            indices: indices,
            terms: terms,
            literals: ownLiterals,
            rows: rows,
            parameterCount: graph.layout.count,
            observationScalars: observationScalars
        )
        var column = 0
        var stores: [LaneStage.Store] = []
        for result in results {
            let width = graph.nodes[result].width
            stores.append(.init(row: row(of: result), width: width, column: column))
            column += width
        }
        let loads = own.compactMap { index -> LaneStage.Load? in
            guard case .input(let input) = graph.nodes[index].operation else { return nil }
            return .init(input: input, row: row(of: index))
        }
        return LaneStage(
            loads: loads,
            tape: tape,
            stores: stores,
            resultWidth: column,
            tileLanes: LaneStage.tileLanes(rows: rows)
        )
    }
}

// Where values live.
extension LaneStagePlanner {
    /// A sink runs as soon as both its operands are there.
    private func placesOfSinks() -> [Int: [ParameterSink]] {
        var places: [Int: [ParameterSink]] = [:]
        for sink in sinks {
            switch sink {
            case .outer(_, let cotangent, let source):
                places[max(cotangent, source), default: []].append(sink)
            case .rowSums(_, let cotangent): places[cotangent, default: []].append(sink)
            }
        }
        return places
    }

    /// The operands a node needs as rows; a linear map takes scalars as its addend.
    private func rowOperands(of index: Int) -> [Int] {
        let node = graph.nodes[index]
        guard case .linear(let block, _) = node.operation, block.positions == 1,
            node.operands.count == 2, scalars[node.operands[1]] != nil
        else { return node.operands }
        return [node.operands[0]]
    }

    /// Scalars that some instruction needs as rows, and the node before which they are filled.
    private mutating func findExpansions(_ own: [Int], _ sinkPlaces: [Int: [ParameterSink]]) {
        for index in own {
            for operand in rowOperands(of: index) where scalars[operand] != nil {
                expansions[operand] = min(expansions[operand] ?? index, index)
            }
        }
        for (place, sinks) in sinkPlaces {
            for operand in sinks.flatMap(\.operands) where scalars[operand] != nil {
                expansions[operand] = min(expansions[operand] ?? place, place)
            }
        }
        for result in results where scalars[result] != nil {
            expansions[result] = min(expansions[result] ?? .max, own.last ?? 0)
        }
    }

    /// A slice lives inside what it was cut from; a part of a concatenation is computed in place.
    ///
    /// The one-sweep inverse of an autoregressive map appends one group of units after another:
    /// its concatenations then cost nothing.
    private mutating func findHomes(_ own: [Int]) {
        for index in own {
            guard case .gather(let indices) = graph.nodes[index].operation,
                zip(indices, indices.dropFirst()).allSatisfy({ $0 + 1 == $1 })
            else { continue }
            home[index] = (graph.nodes[index].operands[0], indices[0])
        }
        for index in own.reversed() {
            let node = graph.nodes[index]
            guard node.operation == .concatenate else { continue }
            var offset = 0
            for operand in node.operands {
                if home[operand] == nil, isOwn[operand] || expansions[operand] != nil {
                    home[operand] = (index, offset)
                }
                offset += graph.nodes[operand].width
            }
        }
    }

    /// The block of rows a value lives in, and where in it.
    private func root(of index: Int) -> (root: Int, offset: Int) {
        var place = (root: index, offset: 0)
        while let next = home[place.root] {
            place = (next.parent, place.offset + next.offset)
        }
        return place
    }

    func row(of index: Int) -> Int {
        let (root, offset) = root(of: index)
        return (firstRow[root] ?? 0) + offset
    }

    /// Gives each block the lowest rows that are free while it lives; returns the rows needed.
    private mutating func allocate(_ own: [Int], _ sinkPlaces: [Int: [ParameterSink]]) -> Int {
        var first: [Int: Int] = [:]
        var last: [Int: Int] = [:]
        func live(_ index: Int, at time: Int) {
            let root = root(of: index).root
            first[root] = min(first[root] ?? time, time)
            last[root] = max(last[root] ?? time, time)
        }
        for index in own {
            // Inputs are loaded before the first instruction.
            if case .input = graph.nodes[index].operation {
                live(index, at: -1)
            } else {
                live(index, at: index)
            }
            for operand in rowOperands(of: index) { live(operand, at: index) }
        }
        for (place, sinks) in sinkPlaces {
            for operand in sinks.flatMap(\.operands) { live(operand, at: place) }
        }
        for (index, time) in expansions { live(index, at: time) }
        for result in results { live(result, at: .max) }

        var busy: [(rows: Range<Int>, last: Int)] = []
        var total = 0
        for root in first.keys.sorted(by: { (first[$0] ?? 0, $0) < (first[$1] ?? 0, $1) }) {
            let width = graph.nodes[root].width
            busy.removeAll { $0.last < first[root] ?? 0 }
            var start = 0
            for block in busy where block.rows.lowerBound < start + width {
                start = max(start, block.rows.upperBound)
            }
            let place = busy.firstIndex { $0.rows.lowerBound >= start + width } ?? busy.count
            busy.insert((start..<(start + width), last[root] ?? 0), at: place)
            firstRow[root] = start
            total = max(total, start + width)
        }
        return total
    }
}
