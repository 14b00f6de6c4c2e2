internal import CLaneLoops

extension LaneMemory {
    /// Runs a tape on the tile in hand.
    ///
    /// - Parameters:
    ///   - tape: The instructions; its memory needs are checked against this memory.
    ///   - parameters: The weights.
    ///   - observation: Scalars of all observations.
    ///   - observationOffset: Where the tile's observation starts among them.
    ///   - gradient: Where outer products and row sums are added, `parameterCount` floats; empty
    ///     for a tape without them.
    public mutating func execute(
        _ tape: borrowing LaneTape,
        parameters: [Float],
        observation: [Float],
        observationOffset: Int,
        gradient: inout [SIMD8<Float>]
    ) {
        precondition(tape.rows <= rows, "a tape of \(tape.rows) rows in memory of \(rows)")
        precondition(parameters.count == tape.parameterCount)
        precondition(
            observationOffset >= 0
                && observationOffset <= observation.count - tape.observationScalars
        )
        precondition(gradient.isEmpty || gradient.count * 8 == tape.parameterCount)
        let vectors = vectorsPerRow
        let width = width.loop
        let needed = tape.transposeVectors * lanes
        if transposed.count < needed {
            transposed = Array(repeating: .zero, count: needed)
        }
        unsafe storage.withUnsafeMutableBytes { memory in
            unsafe parameters.withUnsafeBufferPointer { parameters in
                unsafe observation.withUnsafeBufferPointer { observation in
                    unsafe tape.literals.withUnsafeBufferPointer { literals in
                        unsafe gradient.withUnsafeMutableBufferPointer { gradient in
                            unsafe transposed.withUnsafeMutableBufferPointer { transposed in
                                let rows = unsafe memory.assumingMemoryBound(
                                    to: SIMD8<Float>.self
                                )
                                guard let base = rows.baseAddress else { return }
                                let machine = unsafe LaneMachine(
                                    memory: base,
                                    vectors: vectors,
                                    parameters: parameters.baseAddress,
                                    observation: observation.baseAddress
                                        .map { unsafe $0 + observationOffset },
                                    literals: literals.baseAddress,
                                    gradient: gradient.baseAddress,
                                    transposed: transposed.baseAddress,
                                    width: width
                                )
                                unsafe machine.run(tape)
                            }
                        }
                    }
                }
            }
        }
    }
}

/// The pointers of one execution; the tape has been checked against them.
@unsafe
struct LaneMachine {
    let memory: UnsafeMutablePointer<SIMD8<Float>>
    @safe let vectors: Int
    let parameters: UnsafePointer<Float>?
    let observation: UnsafePointer<Float>?
    let literals: UnsafePointer<Float>?
    let gradient: UnsafeMutablePointer<SIMD8<Float>>?
    let transposed: UnsafeMutablePointer<SIMD8<Float>>?
    @safe let width: lane_width

    @inline(__always)
    func row(_ index: Int) -> UnsafeMutablePointer<SIMD8<Float>> {
        unsafe memory + index &* vectors
    }

    @inline(__always)
    func floats(_ index: Int) -> UnsafeMutablePointer<Float> {
        unsafe UnsafeMutableRawPointer(row(index)).assumingMemoryBound(to: Float.self)
    }

    @inline(__always)
    func scalars(_ source: ScalarSource) -> UnsafePointer<Float>? {
        switch source {
        case .parameters(let offset): unsafe parameters.map { unsafe $0 + offset }
        case .observation(let offset): unsafe observation.map { unsafe $0 + offset }
        case .literals(let offset): unsafe literals.map { unsafe $0 + offset }
        }
    }

    func run(_ tape: borrowing LaneTape) {
        for instruction in tape.instructions {
            switch instruction {
            case .linear(let target, let source, let matrix, let range, let positions, let addend):
                unsafe linear(
                    target: target,
                    source: source,
                    matrix: matrix,
                    tiles: tape.tiles[range],
                    positions: positions,
                    addend: addend
                )
            case .outer(let cotangent, let source, let count, let matrix, let range, let positions):
                unsafe outer(
                    cotangent: cotangent,
                    source: source,
                    count: count,
                    matrix: matrix,
                    tiles: tape.tiles[range],
                    positions: positions
                )
            case .rowSums(let cotangent, let count, let offset):
                unsafe rowSums(cotangent: cotangent, count: count, offset: offset)
            case .unary(let function, let target, let source, let count):
                unsafe lane_apply_unary(
                    function.loop,
                    floats(target),
                    floats(source),
                    count &* vectors &* 8,
                    width
                )
            case .binary(let function, let target, let left, let right, let count):
                unsafe lane_apply_binary(
                    function.loop,
                    floats(target),
                    floats(left),
                    floats(right),
                    count &* vectors &* 8,
                    width
                )
            case .scaleAndShift(let target, let source, let count, let scales, let shifts):
                unsafe scaleAndShift(target, source, count, scales, shifts)
            case .select(let target, let condition, let left, let right, let count):
                unsafe select(target, condition, left, right, count)
            case .gather(let target, let source, let range):
                unsafe gather(target, source, tape.indices[range])
            case .scatterAdd(let target, let count, let source, let range):
                unsafe scatterAdd(target, count, source, tape.indices[range])
            case .contraction(let target, let count, let left, let right, let range):
                unsafe contraction(target, count, left, right, tape.terms[range])
            case .groupMaximum(let target, let count, let source, let size):
                unsafe groupMaximum(target, count, source, size)
            case .groups(let function, let target, let left, let right, let groups):
                let operands = unsafe GroupOperands(
                    target: row(target),
                    left: row(left),
                    right: row(right),
                    groups: groups,
                    vectors: vectors
                )
                unsafe applyGroups(function, operands)
            case .fill(let target, let count, let source):
                unsafe fill(target, count, source)
            }
        }
    }

    /// Eight rows at a time: their lanes are folded together, so that eight sums are one vector.
    private func rowSums(cotangent: Int, count: Int, offset: Int) {
        guard let gradient = unsafe gradient else { return }
        let floats = unsafe UnsafeMutableRawPointer(gradient)
            .assumingMemoryBound(to: Float.self)
        var first = 0
        while first < count {
            let sums = unsafe laneSums(
                row(cotangent &+ first),
                count: min(8, count &- first),
                vectors: vectors
            )
            for index in 0..<min(8, count &- first) {
                unsafe floats[offset &+ first &+ index] += sums[index]
            }
            first &+= 8
        }
    }

    private func scaleAndShift(
        _ target: Int,
        _ source: Int,
        _ count: Int,
        _ scales: Int,
        _ shifts: Int
    ) {
        guard let literals = unsafe literals else { return }
        for index in 0..<count {
            let scale = unsafe SIMD8<Float>(repeating: literals[scales &+ index])
            let shift = unsafe SIMD8<Float>(repeating: literals[shifts &+ index])
            let input = unsafe row(source &+ index)
            let output = unsafe row(target &+ index)
            for vector in 0..<vectors {
                unsafe output[vector] = shift.addingProduct(input[vector], scale)
            }
        }
    }

    private func select(
        _ target: Int,
        _ condition: Int,
        _ left: Int,
        _ right: Int,
        _ count: Int
    ) {
        let output = unsafe row(target)
        let condition = unsafe row(condition)
        let left = unsafe row(left)
        let right = unsafe row(right)
        for index in 0..<(count &* vectors) {
            unsafe output[index] = right[index]
                .replacing(with: left[index], where: condition[index] .> .zero)
        }
    }

    private func gather(_ target: Int, _ source: Int, _ indices: ArraySlice<Int>) {
        var output = unsafe row(target)
        for index in indices {
            let input = unsafe row(source &+ index)
            for vector in 0..<vectors { unsafe output[vector] = input[vector] }
            unsafe output += vectors
        }
    }

    private func scatterAdd(
        _ target: Int,
        _ count: Int,
        _ source: Int,
        _ indices: ArraySlice<Int>
    ) {
        let base = unsafe row(target)
        for index in 0..<(count &* vectors) { unsafe base[index] = .zero }
        var input = unsafe row(source)
        for index in indices {
            let output = unsafe base + index &* vectors
            for vector in 0..<vectors { unsafe output[vector] += input[vector] }
            unsafe input += vectors
        }
    }

    @inline(never)
    private func contraction(
        _ target: Int,
        _ count: Int,
        _ left: Int,
        _ right: Int,
        _ terms: ArraySlice<ContractionTerm>
    ) {
        let leftBase = unsafe row(left)
        let rightBase = unsafe row(right)
        var next = terms.startIndex
        for index in 0..<count {
            var end = next
            while end < terms.endIndex, terms[end].target == index { end &+= 1 }
            let output = unsafe row(target &+ index)
            var vector = 0
            while vector &+ 2 <= vectors {
                var first = SIMD8<Float>.zero
                var second = SIMD8<Float>.zero
                for place in next..<end {
                    let term = terms[place]
                    let a = unsafe leftBase + (term.left &* vectors &+ vector)
                    let b = unsafe rightBase + (term.right &* vectors &+ vector)
                    unsafe first.addProduct(a[0], b[0])
                    unsafe second.addProduct(a[1], b[1])
                }
                unsafe output[vector] = first
                unsafe output[vector &+ 1] = second
                vector &+= 2
            }
            if vector < vectors {
                var sum = SIMD8<Float>.zero
                for place in next..<end {
                    let term = terms[place]
                    unsafe sum.addProduct(
                        leftBase[term.left &* vectors &+ vector],
                        rightBase[term.right &* vectors &+ vector]
                    )
                }
                unsafe output[vector] = sum
            }
            next = end
        }
    }

    private func groupMaximum(_ target: Int, _ count: Int, _ source: Int, _ size: Int) {
        var output = unsafe row(target)
        var input = unsafe row(source)
        for _ in 0..<count {
            for vector in 0..<vectors {
                var largest = unsafe input[vector]
                for member in 1..<max(size, 1) {
                    let value = unsafe input[member &* vectors &+ vector]
                    largest = largest.replacing(
                        with: value,
                        where: (value .> largest) .| (value .!= value)
                    )
                }
                unsafe output[vector] = largest
            }
            unsafe output += vectors
            unsafe input += size &* vectors
        }
    }

    private func fill(_ target: Int, _ count: Int, _ source: ScalarSource) {
        guard let values = unsafe scalars(source) else { return }
        var output = unsafe row(target)
        for index in 0..<count {
            let value = unsafe SIMD8<Float>(repeating: values[index])
            for vector in 0..<vectors { unsafe output[vector] = value }
            unsafe output += vectors
        }
    }
}
