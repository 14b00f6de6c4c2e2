import Synchronization

/// The scores of the folds, which come in any order.
final class FoldScores: Sendable {
    private let scores: Mutex<[Double]>

    init(count: Int) {
        scores = Mutex(Array(repeating: 0, count: count))
    }

    func set(_ fold: Int, to score: Double) {
        scores.withLock { $0[fold] = score }
    }

    var mean: Double { scores.withLock { $0.reduce(0, +) / Double($0.count) } }
}
