public import Autodiff
public import Kernels
public import Testing

/// Where a function's input values are drawn, so that it is smooth there.
public enum InputRange: Sendable {
    /// Standard normals.
    case normal
    /// Uniform between two bounds.
    case between(Double, Double)
    /// At least one from zero, on either side.
    case awayFromZero

    /// One value.
    public func draw(using stream: inout RandomStream) -> Double {
        switch self {
        case .normal: return stream.normal()
        case .between(let lower, let upper): return lower + (upper - lower) * stream.uniform()
        case .awayFromZero:
            let magnitude = 1 + stream.uniform()
            return stream.uniform() < 0.5 ? -magnitude : magnitude
        }
    }
}

/// A function of one input, written into a program, and the laws its derivatives obey.
public struct ProgramCase: Sendable, CustomTestStringConvertible {
    /// What is tested.
    public let name: String
    /// The parameters the function may use.
    public let layout: ParameterLayout
    /// Scalars of the input.
    public let inputWidth: Int
    /// Where input values are drawn.
    public let range: InputRange
    /// Appends the function of the input.
    public let append: @Sendable (inout LaneProgram, LaneValue) -> LaneValue

    /// Makes a case from its parts.
    public init(
        _ name: String,
        layout: ParameterLayout = ParameterLayout(),
        inputWidth: Int,
        range: InputRange = .normal,
        append: @escaping @Sendable (inout LaneProgram, LaneValue) -> LaneValue
    ) {
        self.name = name
        self.layout = layout
        self.inputWidth = inputWidth
        self.range = range
        self.append = append
    }

    /// The name, for reports.
    public var testDescription: String { name }
}

/// A program that holds a function, its loss ½‖y‖² + Σ cᵢ yᵢ, and derivatives of first and second
/// order.
private struct DifferentiatedProgram {
    var program: LaneProgram
    var x: LaneValue
    var loss: LaneValue
    /// ∂loss/∂x.
    var gradient: LaneValue
    /// ∂loss/∂x · v by the forward transform.
    var tangent: LaneValue
    /// ∂²loss/∂x² v, forward over reverse.
    var curvature: LaneValue
    /// The same, reverse over reverse.
    var curvatureByReverse: LaneValue
    /// ∂²loss/∂x² v, reverse over forward.
    var curvatureOfTangent: LaneValue

    init(_ test: ProgramCase, withSinks: Bool) {
        program = LaneProgram(layout: test.layout)
        x = program.input(test.inputWidth, rate: .sample)
        let v = program.input(test.inputWidth, rate: .sample)
        let y = test.append(&program, x)
        let weights = program.literal((0..<y.width).map { 0.3 + 0.1 * Float($0) })
        loss = program.add(
            program.scale(program.squaredNorm(y), by: 0.5),
            program.dot(y, weights)
        )
        let one = program.literal([1])
        gradient = program.appendCotangents(of: loss, cotangent: one, withRespectTo: [x])[0]
        tangent = program.appendTangents(of: [loss], along: [(x, v)])[0]
        curvature = program.appendTangents(of: [gradient], along: [(x, v)])[0]
        let slope = program.dot(gradient, v)
        curvatureByReverse =
            program.appendCotangents(of: slope, cotangent: one, withRespectTo: [x])[0]
        curvatureOfTangent =
            program.appendCotangents(of: tangent, cotangent: one, withRespectTo: [x])[0]
        if withSinks {
            _ = program.appendCotangents(
                of: loss,
                cotangent: one,
                withRespectTo: [],
                parameterSinks: true
            )
        }
    }
}

/// Random weights within a layout's mask.
public func randomParameters(_ layout: ParameterLayout, seed: UInt64) -> [Float] {
    var stream = RandomStream(seed: seed)
    return layout.mask.map { $0 * Float(stream.normal()) * 0.5 }
}

/// The derivative at zero by the central difference of fourth order.
///
/// With h = 1e-4 it is wrong by h⁴/30 of the fifth derivative and by rounding of 1e-16/h = 1e-12,
/// both far below the tolerance of 1e-7.
public func centralDifference(_ function: (Double) -> [Double]) -> [Double] {
    let h = 1e-4
    let near = zip(function(h), function(-h)).map { $0 - $1 }
    let far = zip(function(2 * h), function(-2 * h)).map { $0 - $1 }
    return zip(near, far).map { (8 * $0 - $1) / (12 * h) }
}

/// Gradient, directional derivative and second derivatives against Double central differences.
public func checkDerivatives(
    _ test: ProgramCase,
    seed: UInt64 = 1,
    sourceLocation: SourceLocation = #_sourceLocation
) {
    let differentiated = DifferentiatedProgram(test, withSinks: false)
    let parameters = randomParameters(test.layout, seed: seed).map(Double.init)
    var stream = RandomStream(seed: seed, stream: 1)
    for _ in 0..<4 {
        let x = (0..<test.inputWidth).map { _ in test.range.draw(using: &stream) }
        let v = (0..<test.inputWidth).map { _ in stream.normal() }
        func evaluate(_ x: [Double]) -> ReferenceEvaluator {
            ReferenceEvaluator(differentiated.program, parameters: parameters, inputs: [x, v])
        }
        func shifted(_ entry: Int, _ step: Double) -> ReferenceEvaluator {
            var moved = x
            moved[entry] += step
            return evaluate(moved)
        }
        let here = evaluate(x)
        let slopes = x.indices.map { entry in
            centralDifference { shifted(entry, $0).value(differentiated.loss) }[0]
        }
        let gradient = here.value(differentiated.gradient)
        let scale = 1 + (gradient.map(abs).max() ?? 0)
        #expect(
            greatestDifference(gradient, slopes) <= 1e-7 * scale,
            "gradient of \(test.name)",
            sourceLocation: sourceLocation
        )
        let along = zip(gradient, v).reduce(0) { $0 + $1.0 * $1.1 }
        #expect(
            isClose(
                here.value(differentiated.tangent)[0],
                along,
                absolute: 1e-11 * scale,
                relative: 1e-11
            ),
            "directional derivative of \(test.name)",
            sourceLocation: sourceLocation
        )
        let bends = centralDifference { step in
            evaluate(zip(x, v).map { $0 + step * $1 }).value(differentiated.gradient)
        }
        let bendScale = scale + (bends.map(abs).max() ?? 0)
        for (name, value) in [
            ("forward over reverse", differentiated.curvature),
            ("reverse over reverse", differentiated.curvatureByReverse),
            ("reverse over forward", differentiated.curvatureOfTangent),
        ] {
            #expect(
                greatestDifference(here.value(value), bends) <= 1e-7 * bendScale,
                "second derivative, \(name), of \(test.name)",
                sourceLocation: sourceLocation
            )
        }
    }
}

/// Parameter gradients of the reference evaluator against Double central differences, and those
/// of the lanes against the reference.
///
/// Where a gradient jumps, as that of a spline does at its knots, single precision may take the
/// other side for some samples: their share belongs into the tolerance.
public func checkParameterGradient(
    _ test: ProgramCase,
    seed: UInt64 = 1,
    tolerance: Double = 2e-5,
    sourceLocation: SourceLocation = #_sourceLocation
) {
    var program = LaneProgram(layout: test.layout)
    let x = program.input(test.inputWidth, rate: .sample)
    let y = test.append(&program, x)
    let loss = program.scale(program.squaredNorm(y), by: 0.5)
    let presence = program.input(1, rate: .sample, kind: .presence)
    _ = program.appendCotangents(
        of: loss,
        cotangent: presence,
        withRespectTo: [],
        parameterSinks: true
    )
    let parameters = randomParameters(test.layout, seed: seed)
    var stream = RandomStream(seed: seed, stream: 1)
    let count = 200
    let table = (0..<(count * test.inputWidth)).map { _ in Float(test.range.draw(using: &stream)) }
    func row(_ index: Int) -> [Double] {
        table[(index * test.inputWidth)..<((index + 1) * test.inputWidth)].map(Double.init)
    }
    func reference(_ row: [Double], _ parameters: [Double]) -> ReferenceEvaluator {
        ReferenceEvaluator(program, parameters: parameters, inputs: [row, [1]])
    }
    let mask = test.layout.mask
    let exact = parameters.map(Double.init)
    let slopes = reference(row(0), exact).parameterGradient()
    let scale = 1 + (slopes.map(abs).max() ?? 0)
    for entry in stride(from: 0, to: exact.count, by: max(1, exact.count / 97))
    where mask[entry] == 1 {
        let difference = centralDifference { step in
            var moved = exact
            moved[entry] += step
            return reference(row(0), moved).value(loss)
        }
        #expect(
            isClose(slopes[entry], difference[0], absolute: 1e-7 * scale),
            "parameter \(entry) of \(test.name)",
            sourceLocation: sourceLocation
        )
    }

    var sum = [Double](repeating: 0, count: exact.count)
    var total = 0.0
    for index in 0..<count {
        let here = reference(row(index), exact)
        total += here.value(loss)[0]
        for (entry, slope) in here.parameterGradient().enumerated() {
            sum[entry] += slope / Double(count)
        }
    }
    let evaluator = GradientEvaluator(program, loss: loss)
    var gradients: [[Float]] = []
    for workers in [1, 2, 3] {
        var gradient = [Float](repeating: .nan, count: parameters.count)
        let measured = evaluator.lossAndGradient(
            parameters: parameters,
            count: count,
            sources: [.rows(table), .presence],
            workers: workers,
            gradient: &gradient
        )
        #expect(isClose(measured, total, relative: 1e-5), sourceLocation: sourceLocation)
        gradients.append(gradient)
    }
    #expect(gradients[0] == gradients[1], "any worker count", sourceLocation: sourceLocation)
    #expect(gradients[0] == gradients[2], "any worker count", sourceLocation: sourceLocation)
    let largest = 1 + (sum.map(abs).max() ?? 0)
    #expect(
        greatestDifference(gradients[0].map(Double.init), sum) <= tolerance * largest,
        "lanes against the reference, \(test.name)",
        sourceLocation: sourceLocation
    )
}

/// Lanes against the Double reference: the function, its gradient and its curvature, in the staged
/// and the collapsed form.
public func checkLanes(
    _ test: ProgramCase,
    seed: UInt64 = 1,
    tolerance: Double = 2e-5,
    sourceLocation: SourceLocation = #_sourceLocation
) {
    let differentiated = DifferentiatedProgram(test, withSinks: false)
    let outputs = [differentiated.loss, differentiated.gradient, differentiated.curvature]
    let parameters = randomParameters(test.layout, seed: seed)
    let evaluator = LaneEvaluator(differentiated.program, outputs: outputs)
    for samples in [1, 7, 8, 9, 40, 150] {
        var stream = RandomStream(seed: seed, stream: UInt64(samples))
        let x = (0..<(samples * test.inputWidth)).map { _ in Float(test.range.draw(using: &stream))
        }
        let v = (0..<(samples * test.inputWidth)).map { _ in Float(stream.normal()) }
        let sources = [LaneInputSource.rows(x), .rows(v)]
        let result = evaluator.evaluate(
            parameters: parameters,
            observations: 1,
            samples: samples,
            sources: sources,
            workers: 1
        )
        let again = evaluator.evaluate(
            parameters: parameters,
            observations: samples,
            samples: 1,
            sources: sources,
            workers: 3
        )
        #expect(result == again, "one observation or many", sourceLocation: sourceLocation)
        for sample in Swift.stride(from: 0, to: samples, by: 5) {
            let range = (sample * test.inputWidth)..<((sample + 1) * test.inputWidth)
            let reference = ReferenceEvaluator(
                differentiated.program,
                parameters: parameters.map(Double.init),
                inputs: [x[range].map(Double.init), v[range].map(Double.init)]
            )
            let exact = outputs.flatMap(reference.value)
            let width = evaluator.outputWidth
            let lanes = result[(sample * width)..<((sample + 1) * width)].map(Double.init)
            let scale = 1 + (exact.map(abs).max() ?? 0)
            #expect(
                greatestDifference(lanes, exact) <= tolerance * scale,
                "lanes of \(test.name), sample \(sample) of \(samples)",
                sourceLocation: sourceLocation
            )
        }
    }
}
