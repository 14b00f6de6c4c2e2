import Kernels

/// What a plan needs of a program: its nodes, which of them are needed, and what leaves it.
///
/// It is simplified before it is planned: the same sums are computed, in fewer and larger steps.
struct LiveGraph {
    /// The parameters.
    let layout: ParameterLayout
    /// The nodes; operands come first.
    private(set) var nodes: [LaneNode]
    /// How often each node changes.
    private(set) var rates: [LaneRate]
    /// Whether a node is needed.
    private(set) var isLive: [Bool]
    /// What leaves, in order.
    private(set) var outputs: [Int]
    /// Sums that go into the parameter gradient.
    private(set) var sinks: [ParameterSink]

    /// Finds what some outputs, and perhaps the parameter gradient, need.
    init(_ program: LaneProgram, outputs: [LaneValue], withSinks: Bool) {
        layout = program.layout
        nodes = program.nodes
        rates = program.rates
        self.outputs = outputs.map(\.node)
        sinks = withSinks ? program.sinks : []
        isLive = Array(repeating: false, count: nodes.count)
        for index in self.outputs + sinks.flatMap(\.operands) { isLive[index] = true }
        for index in nodes.indices.reversed() where isLive[index] {
            for operand in nodes[index].operands { isLive[operand] = true }
        }
        fuseSums()
        mergeOuterProducts()
    }

    /// Lets matrix products start at what they would be added to.
    ///
    /// A product whose only use is a sum becomes that sum. Derivatives are full of such sums, one for
    /// each further use of a value.
    private mutating func fuseSums() {
        let kept = Set(outputs + sinks.flatMap(\.operands))
        var uses = [Int](repeating: 0, count: nodes.count)
        for index in nodes.indices where isLive[index] {
            for operand in nodes[index].operands { uses[operand] += 1 }
        }
        for index in nodes.indices where isLive[index] && nodes[index].operation == .binary(.add) {
            let operands = nodes[index].operands
            for (part, other) in [(operands[1], operands[0]), (operands[0], operands[1])] {
                guard case .linear = nodes[part].operation, nodes[part].operands.count == 1,
                    uses[part] == 1, !kept.contains(part), rates[part] == rates[index]
                else { continue }
                nodes[index].operation = nodes[part].operation
                nodes[index].operands = [nodes[part].operands[0], other]
                isLive[part] = false
                break
            }
        }
    }

    /// Sums the outer products of neighbouring rows of a matrix together, where their sources are
    /// beginnings of one value.
    ///
    /// The one-sweep inverse of an autoregressive flow uses a few rows of each matrix at a time; the
    /// source is made ready for such a sum at a cost that does not depend on the number of rows.
    private mutating func mergeOuterProducts() {
        let whole = wholes()
        var groups: [SinkGroup: [Int]] = [:]
        for (place, sink) in sinks.enumerated() {
            guard case .outer(let block, let cotangent, let source) = sink,
                block.positions == 1, block.columns.lowerBound == 0,
                rates[cotangent] == .sample, rates[source] == .sample
            else { continue }
            groups[SinkGroup(matrix: block.matrix, source: whole[source]), default: []]
                .append(place)
        }
        var runs: [[Int]] = []
        // In the order of the sinks: a dictionary has another one in every process, and gradients of a
        // matrix are added in the order of its sinks.
        for places in groups.values.sorted(by: { $0[0] < $1[0] }) {
            let sorted = places.sorted { rows(of: $0).lowerBound < rows(of: $1).lowerBound }
            var run: [Int] = []
            for place in sorted {
                if let last = run.last, rows(of: last).upperBound != rows(of: place).lowerBound {
                    runs.append(run)
                    run = []
                }
                run.append(place)
            }
            runs.append(run)
        }
        insert(runs.filter { $0.count > 1 && coversNothingElse($0) })
    }

    /// Whether the rows of a run use no columns, up to those of its widest sink, but their own.
    private func coversNothingElse(_ run: [Int]) -> Bool {
        let blocks = run.compactMap { place -> MatrixBlock? in
            guard case .outer(let block, _, _) = sinks[place] else { return nil }
            return block
        }
        let widest = blocks.map(\.columns.upperBound).max() ?? 0
        return blocks.allSatisfy { block in
            block.rows.allSatisfy { row in
                let extent = layout.matrices[block.matrix].rowExtents[row]
                return extent.clamped(to: 0..<widest).count
                    == extent.clamped(to: block.columns).count
            }
        }
    }

    private struct SinkGroup: Hashable {
        let matrix: Int
        let source: Int
    }

    private func rows(of place: Int) -> Range<Int> {
        guard case .outer(let block, _, _) = sinks[place] else { return 0..<0 }
        return block.rows
    }

    /// What each node is a beginning of, by concatenations; itself where it is none.
    private func wholes() -> [Int] {
        var whole = Array(nodes.indices)
        for index in nodes.indices.reversed() where isLive[index] {
            guard nodes[index].operation == .concatenate, let first = nodes[index].operands.first
            else { continue }
            whole[first] = whole[index]
        }
        return whole
    }

    /// Replaces runs of sinks by one each, whose cotangent is put together as soon as its parts are
    /// there.
    private mutating func insert(_ runs: [[Int]]) {
        guard !runs.isEmpty else { return }
        var runsAfter: [Int: [[Int]]] = [:]
        for run in runs {
            let last = run.flatMap { sinks[$0].operands }.max() ?? 0
            runsAfter[last, default: []].append(run)
        }
        let merged = Set(runs.joined())
        var result: [ParameterSink] = []
        var (newNodes, newRates, newLive) = ([LaneNode](), [LaneRate](), [Bool]())
        var moved: [Int] = []
        func append(_ node: LaneNode, _ rate: LaneRate, _ live: Bool) {
            newNodes.append(node)
            newRates.append(rate)
            newLive.append(live)
        }
        for index in nodes.indices {
            var node = nodes[index]
            node.operands = node.operands.map { moved[$0] }
            moved.append(newNodes.count)
            append(node, rates[index], isLive[index])
            for run in runsAfter[index] ?? [] {
                var cotangents: [Int] = []
                var (first, last) = (0, 0)
                var widest: (block: MatrixBlock, source: Int)?
                for place in run {
                    guard case .outer(let block, let cotangent, let source) = sinks[place] else {
                        continue
                    }
                    if cotangents.isEmpty { first = block.rows.lowerBound }
                    last = block.rows.upperBound
                    cotangents.append(moved[cotangent])
                    if block.columns.count >= widest?.block.columns.count ?? 0 {
                        widest = (block, moved[source])
                    }
                }
                guard let widest else { continue }
                var block = widest.block
                block.rows = first..<last
                result.append(
                    .outer(block, cotangent: newNodes.count, source: widest.source)
                )
                append(
                    LaneNode(
                        operation: .concatenate,
                        operands: cotangents,
                        width: last - first
                    ),
                    .sample,
                    true
                )
            }
        }
        result += sinks.enumerated().filter { !merged.contains($0.offset) }.map { _, sink in
            switch sink {
            case .outer(let block, let cotangent, let source):
                .outer(block, cotangent: moved[cotangent], source: moved[source])
            case .rowSums(let offset, let cotangent):
                .rowSums(offset: offset, cotangent: moved[cotangent])
            }
        }
        (nodes, rates, isLive, sinks) = (newNodes, newRates, newLive, result)
        outputs = outputs.map { moved[$0] }
    }
}
