import Kernels

// What is computed.
extension LaneStagePlanner {
    mutating func emit(_ own: [Int], _ sinkPlaces: [Int: [ParameterSink]]) {
        var fills: [Int: [Int]] = [:]
        for (index, time) in expansions { fills[time, default: []].append(index) }
        for index in own {
            for value in (fills[index] ?? []).sorted() {
                guard let source = scalars[value] else { continue }
                instructions.append(
                    .fill(target: row(of: value), count: width(value), scalars: source)
                )
            }
            emit(index)
            for sink in sinkPlaces[index] ?? [] { emit(sink) }
        }
    }

    private func width(_ index: Int) -> Int { graph.nodes[index].width }

    private mutating func emit(_ index: Int) {
        let node = graph.nodes[index]
        let target = row(of: index)
        func operand(_ position: Int) -> Int { row(of: node.operands[position]) }
        switch node.operation {
        case .input, .literal, .parameters: break
        case .linear(let block, let transposed):
            emitLinear(block, transposed, node, target)
        case .unary(let function):
            instructions.append(
                .unary(function, target: target, source: operand(0), count: node.width)
            )
        case .binary(let function):
            instructions.append(
                .binary(
                    function,
                    target: target,
                    left: operand(0),
                    right: operand(1),
                    count: node.width
                )
            )
        case .scaleAndShift(let scales, let shifts):
            let offset = ownLiterals.count
            ownLiterals += scales + shifts
            instructions.append(
                .scaleAndShift(
                    target: target,
                    source: operand(0),
                    count: node.width,
                    scales: offset,
                    shifts: offset + scales.count
                )
            )
        case .select:
            instructions.append(
                .select(
                    target: target,
                    condition: operand(0),
                    left: operand(1),
                    right: operand(2),
                    count: node.width
                )
            )
        case .gather(let list):
            guard home[index]?.parent != node.operands[0] else { return }
            emitGather(list, target: target, source: operand(0))
        case .scatterAdd(let list):
            let start = indices.count
            indices += list
            instructions.append(
                .scatterAdd(
                    target: target,
                    count: node.width,
                    source: operand(0),
                    indices: start..<indices.count
                )
            )
        case .contraction(let list):
            let start = terms.count
            terms += list
            instructions.append(
                .contraction(
                    target: target,
                    count: node.width,
                    left: operand(0),
                    right: operand(1),
                    terms: start..<terms.count
                )
            )
        case .concatenate:
            var offset = 0
            for (position, part) in node.operands.enumerated() {
                // A part that appears twice, or lives elsewhere, is copied.
                if operand(position) != target + offset {
                    emitGather(
                        Array(0..<width(part)),
                        target: target + offset,
                        source: operand(position)
                    )
                }
                offset += width(part)
            }
        case .groups(let function, let count):
            instructions.append(
                .groups(
                    function,
                    target: target,
                    left: operand(0),
                    right: node.operands.count > 1 ? operand(1) : target,
                    groups: count
                )
            )
        case .groupMaximum(let size):
            instructions.append(
                .groupMaximum(target: target, count: node.width, source: operand(0), size: size)
            )
        }
    }

    private mutating func emitGather(_ list: [Int], target: Int, source: Int) {
        let start = indices.count
        indices += list
        instructions.append(
            .gather(target: target, source: source, indices: start..<indices.count)
        )
    }

    private mutating func emitLinear(
        _ block: MatrixBlock,
        _ transposed: Bool,
        _ node: LaneNode,
        _ target: Int
    ) {
        let matrix = graph.layout.matrices[block.matrix]
        let addend: MatrixAddend =
            if node.operands.count < 2 {
                .zero
            } else if block.positions == 1, let source = scalars[node.operands[1]] {
                .scalars(source)
            } else {
                .rows(row(of: node.operands[1]))
            }
        instructions.append(
            .linear(
                target: target,
                source: row(of: node.operands[0]),
                matrix: view(of: block, in: matrix, transposed: transposed),
                tiles: tiles(of: block, in: matrix, transposed: transposed),
                positions: block.positions,
                addend: addend
            )
        )
    }

    private mutating func emit(_ sink: ParameterSink) {
        switch sink {
        case .outer(let block, let cotangent, let source):
            let matrix = graph.layout.matrices[block.matrix]
            instructions.append(
                .outer(
                    cotangent: row(of: cotangent),
                    source: row(of: source),
                    sourceCount: width(source) / block.positions,
                    matrix: view(of: block, in: matrix, transposed: false),
                    tiles: tiles(of: block, in: matrix, transposed: false),
                    positions: block.positions
                )
            )
        case .rowSums(let offset, let cotangent):
            instructions.append(
                .rowSums(cotangent: row(of: cotangent), count: width(cotangent), offset: offset)
            )
        }
    }

    private func view(
        of block: MatrixBlock,
        in matrix: ParameterLayout.Matrix,
        transposed: Bool
    ) -> MatrixView {
        MatrixView(
            offset: matrix.offset + block.rows.lowerBound * matrix.stride
                + block.columns.lowerBound,
            rowStride: transposed ? 1 : matrix.stride,
            innerStride: transposed ? matrix.stride : 1
        )
    }

    private mutating func tiles(
        of block: MatrixBlock,
        in matrix: ParameterLayout.Matrix,
        transposed: Bool
    ) -> Range<Int> {
        let key = LinearKey(block: block, transposed: transposed)
        if let range = knownTiles[key] { return range }
        let rowExtents = block.rows.map { row in
            let extent = matrix.rowExtents[row].clamped(to: block.columns)
            let lower = extent.lowerBound - block.columns.lowerBound
            return lower..<(lower + extent.count)
        }
        let extents: [Range<Int>]
        if transposed {
            extents = (0..<block.columns.count).map { column in
                let rows = rowExtents.indices.filter { rowExtents[$0].contains(column) }
                guard let first = rows.first, let last = rows.last else { return 0..<0 }
                return first..<(last + 1)
            }
        } else {
            extents = rowExtents
        }
        let start = tiles.count
        tiles += MatrixTile.cover(rowExtents: extents)
        knownTiles[key] = start..<tiles.count
        return start..<tiles.count
    }
}
