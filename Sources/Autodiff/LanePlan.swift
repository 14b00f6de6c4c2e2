import Kernels

/// A program prepared for execution: which stage computes what, and where values live.
///
/// The staged form evaluates what depends on the observation alone once per observation, then
/// runs samples in lanes. The collapsed form gives every lane its own observation: it serves
/// training and requests with few samples of many observations. Both do the same arithmetic in
/// the same order, so their results are equal bit by bit.
struct LanePlan: Sendable {
    /// What runs once per observation, its result being the sample stage's scalars; nil when
    /// collapsed.
    var observationStage: LaneStage?
    /// What runs for every sample.
    var sampleStage: LaneStage

    /// Plans a program.
    ///
    /// - Parameters:
    ///   - program: The graph.
    ///   - outputs: What leaves the sample stage, in order.
    ///   - collapsed: Whether every lane has its own observation.
    ///   - withSinks: Whether the parameter gradient is summed.
    init(program: LaneProgram, outputs: [LaneValue], collapsed: Bool, withSinks: Bool) {
        let nodes = program.nodes
        let sinks = withSinks ? program.sinks : []
        var live = [Bool](repeating: false, count: nodes.count)
        for output in outputs { live[output.node] = true }
        for sink in sinks {
            switch sink {
            case .outer(_, let cotangent, let source):
                live[cotangent] = true
                live[source] = true
            case .rowSums(_, let cotangent): live[cotangent] = true
            }
        }
        for index in nodes.indices.reversed() where live[index] {
            for operand in nodes[index].operands { live[operand] = true }
        }

        var literals: [Float] = []
        var scalars: [Int: ScalarSource] = [:]
        var isObservation = [Bool](repeating: false, count: nodes.count)
        var isSample = [Bool](repeating: false, count: nodes.count)
        for index in nodes.indices where live[index] {
            switch nodes[index].operation {
            case .literal(let values):
                scalars[index] = .literals(literals.count)
                literals += values
            case .parameters(let vector, let range):
                scalars[index] = .parameters(
                    program.layout.vectors[vector].offset + range.lowerBound
                )
            default:
                if !collapsed, program.rates[index] < .sample {
                    isObservation[index] = true
                } else {
                    isSample[index] = true
                }
            }
        }

        var crossing: [Int] = []
        var sampleScalars = scalars
        var crossingWidth = 0
        let needed = Set(
            nodes.indices.filter { isSample[$0] }.flatMap { nodes[$0].operands }
                + outputs.map(\.node)
        )
        for index in nodes.indices where isObservation[index] && needed.contains(index) {
            sampleScalars[index] = .observation(crossingWidth)
            crossing.append(index)
            crossingWidth += nodes[index].width
        }
        if !crossing.isEmpty {
            var planner = LaneStagePlanner(
                program: program,
                isOwn: isObservation,
                scalars: scalars,
                literals: literals,
                observationScalars: 0,
                results: crossing,
                sinks: []
            )
            observationStage = planner.plan()
        }
        var planner = LaneStagePlanner(
            program: program,
            isOwn: isSample,
            scalars: sampleScalars,
            literals: literals,
            observationScalars: crossingWidth,
            results: outputs.map(\.node),
            sinks: sinks
        )
        sampleStage = planner.plan()
    }
}
