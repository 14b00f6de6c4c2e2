import Autodiff

/// An autoregressive map: the numbers of a feature come from a masked network that sees the
/// features of lower levels and the context.
///
/// Features are kept sorted by level and hidden units by degree. Every masked matrix is then
/// block-triangular, and the inverse evaluates each unit once, as soon as the features it sees are
/// known.
///
/// *Reference*: Papamakarios, Pavlakou, Murray (2017), Masked Autoregressive Flow for Density
/// Estimation, arXiv:1705.07057; Germain, Gregor, Murray, Larochelle (2015), MADE,
/// arXiv:1502.03509.
struct AutoregressiveLayer: FlowLayer {
    /// A hidden layer.
    private struct Units {
        /// The file's unit at each of our places.
        var order: [Int]
        /// How many units have a degree of at most d, for d from 0 to D − 1.
        var upTo: [Int]
        var layer: LinearLayer
    }

    private let mapping: FeatureMapping
    private let activation: Activation
    private let contextActivation: Activation?
    /// The feature at each of our places.
    private let featureOrder: [Int]
    /// The places of the features of each level, from the lowest level up.
    private let levels: [(level: Int, places: Range<Int>)]
    private let units: [Units]
    private let context: LinearLayer
    private let final: LinearLayer

    /// Lays out the parameters of a checked structure.
    init(
        _ transform: AutoregressiveTransform,
        _ name: String,
        contextDim: Int,
        in layout: inout ParameterLayout
    ) {
        let count = transform.order.count
        let order = transform.order
        let featureOrder = order.indices.sorted { (order[$0], $0) < (order[$1], $1) }
        let sortedLevels = featureOrder.map { order[$0] }
        levels = Self.runs(sortedLevels)
        self.featureOrder = featureOrder
        mapping = FeatureMapping(transform.map)
        activation = transform.conditioner.activation
        contextActivation = transform.conditioner.contextActivation

        // A unit of degree d sees the features of levels below d.
        var visible = Self.counts(sortedLevels.map { $0 + 1 }, upTo: count - 1)
        var units: [Units] = []
        var context: LinearLayer?
        for (index, degrees) in transform.conditioner.hiddenDegrees.enumerated() {
            let unitOrder = degrees.indices.sorted { (degrees[$0], $0) < (degrees[$1], $1) }
            let sorted = unitOrder.map { degrees[$0] }
            let layer = LinearLayer(
                index == 0 ? "\(name).initial" : "\(name).blocks.\(index - 1)",
                rows: degrees.count,
                columns: index == 0 ? count : units[index - 1].order.count,
                rowExtents: sorted.map { 0..<visible[$0] },
                in: &layout
            )
            visible = Self.counts(sorted, upTo: count - 1)
            units.append(Units(order: unitOrder, upTo: visible, layer: layer))
            if index == 0 {
                context = LinearLayer(
                    "\(name).context",
                    rows: degrees.count,
                    columns: contextDim,
                    in: &layout
                )
            }
        }
        guard let context, let last = units.last else {
            preconditionFailure("a masked network without layers")
        }
        self.context = context
        self.units = units
        let numbersPerFeature = mapping.numbersPerFeature
        final = LinearLayer(
            "\(name).final",
            rows: numbersPerFeature * count,
            columns: last.order.count,
            rowExtents: mapping.rowOrder(count: count).map {
                0..<visible[sortedLevels[$0 / numbersPerFeature]]
            },
            in: &layout
        )
    }

    /// Runs of equal values.
    private static func runs(_ sorted: [Int]) -> [(level: Int, places: Range<Int>)] {
        var runs: [(level: Int, places: Range<Int>)] = []
        for (place, level) in sorted.enumerated() {
            if let last = runs.indices.last, runs[last].level == level {
                runs[last].places = runs[last].places.lowerBound..<(place + 1)
            } else {
                runs.append((level, place..<(place + 1)))
            }
        }
        return runs
    }

    /// How many of some sorted values are at most d, for d from 0 to `last`.
    private static func counts(_ sorted: [Int], upTo last: Int) -> [Int] {
        var counts: [Int] = []
        var count = 0
        for degree in 0...last {
            while count < sorted.count, sorted[count] <= degree { count += 1 }
            counts.append(count)
        }
        return counts
    }

    func tensorPlaces(in layout: ParameterLayout) -> [TensorPlace] {
        var places: [TensorPlace] = []
        for (index, hidden) in units.enumerated() {
            places += hidden.layer.tensorPlaces(
                in: layout,
                rowOrder: hidden.order,
                columnOrder: index == 0 ? featureOrder : units[index - 1].order
            )
            if index == 0 {
                places += context.tensorPlaces(in: layout, rowOrder: hidden.order)
            }
        }
        let numbersPerFeature = mapping.numbersPerFeature
        places += final.tensorPlaces(
            in: layout,
            rowOrder: mapping.rowOrder(count: featureOrder.count).map {
                featureOrder[$0 / numbersPerFeature] * numbersPerFeature + $0 % numbersPerFeature
            },
            columnOrder: units.last?.order
        )
        return places
    }
}

// Density: theta to base.
extension AutoregressiveLayer {
    func appendForward(
        of u: LaneValue,
        given context: LaneValue,
        to program: inout LaneProgram
    ) -> (y: LaneValue, slopes: LaneValue?) {
        let sorted = program.gather(u, featureOrder)
        let start = appendStart(context, to: &program)
        var hidden = program.linear(units[0].layer.weight, sorted, adding: start)
        hidden = program.activate(activation, hidden)
        for layer in units.dropFirst().map(\.layer) {
            hidden = program.activate(activation, layer.append(hidden, to: &program))
        }
        let count = featureOrder.count
        let numbers = mapping.blocks(of: 0..<count, count: count).map { rows in
            let bias = program.parameters(final.bias, rows)
            return program.linear(final.weight, hidden, rows: rows, adding: bias)
        }
        let (y, slopes) = mapping.appendForward(of: sorted, numbers: numbers, to: &program)
        return (program.gather(y, featureOrder.inversePermutation), slopes)
    }

    /// b₀ + cact(W_c e + b_c): all the map takes from the observation.
    private func appendStart(
        _ context: LaneValue,
        to program: inout LaneProgram
    ) -> LaneValue {
        var projected = self.context.append(context, to: &program)
        if let contextActivation { projected = program.activate(contextActivation, projected) }
        return program.add(projected, program.parameters(units[0].layer.bias))
    }
}

// Draws: base to theta, in one sweep.
extension AutoregressiveLayer {
    /// What the inverse works out, level by level.
    private struct Solution {
        /// The features found so far, sorted: each level's are put behind those of the last.
        var known: LaneValue?
        /// All features, sorted.
        var u: LaneValue {
            guard let known else { preconditionFailure("a map without features") }
            return known
        }
        /// The slopes of the forward map.
        var slopes: [LaneValue] = []
        /// The numbers of each level's blocks.
        var numbers: [[LaneValue]] = []
        /// What is added to the first layer's product.
        var start: LaneValue
        /// The units of each layer before their activation; nil where none was needed.
        var sums: [LaneValue?]
        /// The units of each layer.
        var hidden: [LaneValue?]
    }

    func appendInverse(
        of y: LaneValue,
        given context: LaneValue,
        slopes: inout [LaneValue],
        to program: inout LaneProgram
    ) -> LaneValue {
        let solution = appendSolution(of: y, given: context, to: &program)
        slopes += solution.slopes
        return program.gather(solution.u, featureOrder.inversePermutation)
    }

    /// Solves the map level by level; a unit is evaluated once, when the last feature it sees is
    /// known.
    private func appendSolution(
        of y: LaneValue,
        given context: LaneValue,
        to program: inout LaneProgram
    ) -> Solution {
        let mapped = program.gather(y, featureOrder)
        let nothing = [LaneValue?](repeating: nil, count: units.count)
        var solution = Solution(
            start: appendStart(context, to: &program),
            sums: nothing,
            hidden: nothing
        )
        for (level, places) in levels {
            appendUnits(upTo: level, &solution, to: &program)
            let numbers = mapping.blocks(of: places, count: featureOrder.count).map { rows in
                let bias = program.parameters(final.bias, rows)
                guard let last = solution.hidden[units.count - 1] else { return bias }
                return program.linear(
                    final.weight,
                    last,
                    rows: rows,
                    columns: 0..<last.width,
                    adding: bias
                )
            }
            let (u, slope) = mapping.appendInverse(
                of: program.slice(mapped, places),
                numbers: numbers,
                to: &program
            )
            solution.slopes.append(slope)
            solution.numbers.append(numbers)
            solution.known = solution.known.map { program.concatenate([$0, u]) } ?? u
        }
        return solution
    }

    /// Evaluates the units of every layer whose degree is at most `level` and that are not there
    /// yet.
    private func appendUnits(
        upTo level: Int,
        _ solution: inout Solution,
        to program: inout LaneProgram
    ) {
        for (index, layer) in units.enumerated() {
            let group = (solution.hidden[index]?.width ?? 0)..<layer.upTo[level]
            guard !group.isEmpty else { continue }
            let addend =
                index == 0
                ? program.slice(solution.start, group)
                : program.parameters(layer.layer.bias, group)
            // What units of low degree see may be nothing at all.
            let below = index == 0 ? solution.known : solution.hidden[index - 1]
            let sum =
                below.map { below in
                    program.linear(
                        layer.layer.weight,
                        below,
                        rows: group,
                        columns: 0..<below.width,
                        adding: addend
                    )
                } ?? addend
            let values = program.activate(activation, sum)
            solution.sums[index] =
                solution.sums[index].map { program.concatenate([$0, sum]) } ?? sum
            solution.hidden[index] =
                solution.hidden[index].map { program.concatenate([$0, values]) } ?? values
        }
    }
}

// Derivatives of the density at a draw.
extension AutoregressiveLayer {
    /// The forward map is derived at the numbers and units that the inverse has worked out, whole
    /// layers at a time: no network is evaluated twice.
    func appendInverseStep(
        of y: LaneValue,
        given context: LaneValue,
        to program: inout LaneProgram
    ) -> InverseStep {
        let solution = appendSolution(of: y, given: context, to: &program)
        let order = featureOrder.inversePermutation
        let u = solution.u
        return InverseStep(u: program.gather(u, order)) { cotangent, program in
            let numbers = solution.numbers[0].indices.map { block in
                program.concatenate(solution.numbers.map { $0[block] })
            }
            let (again, slopes) = mapping.appendForward(of: u, numbers: numbers, to: &program)
            var parts = program.appendPullback(
                of: again,
                slopes,
                cotangent: program.gather(cotangent, featureOrder),
                to: [u] + numbers
            )
            let own = parts.removeFirst()
            guard let (seen, start) = appendNetworkPullback(parts, solution, to: &program) else {
                return (program.gather(own, order), nil)
            }
            let used = program.slice(solution.start, 0..<start.width)
            let byContext = program.appendCotangents(
                of: used,
                cotangent: start,
                withRespectTo: [context],
                holding: [context]
            )[0]
            return (program.gather(program.add(own, seen), order), byContext)
        }
    }

    /// Takes cotangents of the numbers back through the network, to the sorted features and to
    /// what is added to the first layer; nil where the numbers are mere biases.
    private func appendNetworkPullback(
        _ numbers: [LaneValue],
        _ solution: Solution,
        to program: inout LaneProgram
    ) -> (features: LaneValue, start: LaneValue)? {
        guard let last = solution.hidden[units.count - 1] else { return nil }
        let count = featureOrder.count
        var cotangent: LaneValue?
        for (rows, part) in zip(mapping.blocks(of: 0..<count, count: count), numbers) {
            let back = program.transposedLinear(
                final.weight,
                part,
                rows: rows,
                columns: 0..<last.width
            )
            cotangent = cotangent.map { program.add($0, back) } ?? back
        }
        for index in units.indices.reversed() {
            guard let own = cotangent, let hidden = solution.hidden[index],
                let sums = solution.sums[index]
            else { return nil }
            let back = program.appendPullback(of: activation, sums, hidden, cotangent: own)
            let below = index == 0 ? count : solution.hidden[index - 1]?.width
            guard let below else { return nil }
            let seen = program.transposedLinear(
                units[index].layer.weight,
                back,
                rows: 0..<hidden.width,
                columns: 0..<below
            )
            guard index > 0 else { return (seen, back) }
            cotangent = seen
        }
        return nil
    }
}
