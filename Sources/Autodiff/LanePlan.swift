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
        let graph = LiveGraph(program, outputs: outputs, withSinks: withSinks)
        let nodes = graph.nodes
        var literals: [Float] = []
        var scalars: [Int: ScalarSource] = [:]
        var isObservation = [Bool](repeating: false, count: nodes.count)
        var isSample = [Bool](repeating: false, count: nodes.count)
        for index in nodes.indices where graph.isLive[index] {
            switch nodes[index].operation {
            case .literal(let values):
                scalars[index] = .literals(literals.count)
                literals += values
            case .parameters(let vector, let range):
                scalars[index] = .parameters(
                    graph.layout.vectors[vector].offset + range.lowerBound
                )
            default:
                if !collapsed, graph.rates[index] < .sample {
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
                + graph.outputs
        )
        for index in nodes.indices where isObservation[index] && needed.contains(index) {
            sampleScalars[index] = .observation(crossingWidth)
            crossing.append(index)
            crossingWidth += nodes[index].width
        }
        if !crossing.isEmpty {
            var planner = LaneStagePlanner(
                graph: graph,
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
            graph: graph,
            isOwn: isSample,
            scalars: sampleScalars,
            literals: literals,
            observationScalars: crossingWidth,
            results: graph.outputs,
            sinks: graph.sinks
        )
        sampleStage = planner.plan()
    }
}
