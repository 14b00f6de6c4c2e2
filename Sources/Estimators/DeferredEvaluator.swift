import Autodiff
import Synchronization

/// An evaluator that is planned when it is first needed: most models are never asked for it.
final class DeferredEvaluator: Sendable {
    private let plan: @Sendable () -> LaneEvaluator
    private let planned = Mutex<LaneEvaluator?>(nil)

    /// Remembers how to plan it.
    init(plan: @escaping @Sendable () -> LaneEvaluator) {
        self.plan = plan
    }

    /// The evaluator; later callers wait for the first to plan it.
    var evaluator: LaneEvaluator {
        planned.withLock { planned in
            let evaluator = planned ?? plan()
            planned = evaluator
            return evaluator
        }
    }
}
