import Estimators
import StrictJSON

/// Observations of a request, each with a list of thetas.
struct ThetaQueries {
    /// What was sent for one observation, its place in `x` and its rows in `theta`.
    struct Query {
        var x: Range<Int>
        var theta: Range<Int>
        var count: Int
    }

    /// The names of its fields in a request.
    static let names = ["observations", "observation", "theta"]

    /// The numbers of the usable observations, one after the other.
    private(set) var x: [Float] = []
    /// The numbers of their thetas, one after the other.
    private(set) var theta: [Float] = []
    /// One entry for each observation, in the order asked.
    private(set) var entries: [Result<Query, APIError>] = []
    /// How many thetas there are, over all observations.
    private(set) var thetaCount = 0
    /// Whether the observations came as `observations`.
    let isBatch: Bool

    /// Reads and checks the fields.
    ///
    /// With `observations`, `theta` is a list with a list of thetas for each of them; with
    /// `observation`, it is that one's list of thetas.
    init(
        _ fields: JSONFields,
        xShape: ObservationShape,
        thetaDim: Int,
        limits: ServiceLimits
    ) throws(JSONFieldError) {
        let observations = try ObservationList(fields, shape: xShape, limits: limits)
        isBatch = observations.isBatch
        let vector = NumberArrayReader.describe([thetaDim])
        let field = try fields.required(
            "theta",
            expected: isBatch
                ? "for each observation a list of parameters, each \(vector)"
                : "a list of parameters, each \(vector)"
        )
        var lists = [field.value]
        if isBatch {
            let count = observations.count
            guard field.value.kind == .array, field.value.count == count else {
                throw field.mismatch(
                    "a list of \(count), a list of parameters for each observation"
                )
            }
            lists = field.value.elements
        }
        for index in observations.indices {
            let (xStart, thetaStart) = (x.count, theta.count)
            do throws(APIError) {
                try observations.append(index, to: &x)
                let count = try appendThetas(lists[index], thetaDim: thetaDim, path: path(index))
                thetaCount += count
                entries.append(
                    .success(
                        Query(x: xStart..<x.count, theta: thetaStart..<theta.count, count: count)
                    )
                )
            } catch {
                x.removeLast(x.count - xStart)
                theta.removeLast(theta.count - thetaStart)
                entries.append(.failure(error))
            }
        }
    }

    /// The path of an observation's thetas in error messages.
    func path(_ index: Int) -> String { isBatch ? "theta[\(index)]" : "theta" }

    /// log q(theta | x) at the thetas of each observation; one batched call for the observations
    /// that have the same number of them.
    func logProb(_ posterior: Posterior, workers: Int) -> [Result<[Float], APIError>] {
        var results: [Result<[Float], APIError>] = []
        var groups: [Int: [Int]] = [:]
        for (index, entry) in entries.enumerated() {
            switch entry {
            case .success(let query):
                groups[query.count, default: []].append(index)
                results.append(.success([]))
            case .failure(let error):
                results.append(.failure(error))
            }
        }
        for (count, indices) in groups {
            var x: [Float] = []
            var theta: [Float] = []
            for index in indices {
                guard case .success(let query) = entries[index] else { continue }
                x += self.x[query.x]
                theta += self.theta[query.theta]
            }
            let values = posterior.logProb(theta, given: x, workers: workers)
            for (place, index) in indices.enumerated() {
                let own = Array(values[place * count..<(place + 1) * count])
                results[index] =
                    own.allSatisfy { $0 < .infinity }
                    ? .success(own)
                    : .failure(
                        .unanswerable(
                            path: path(index),
                            reason: "a log density at one of these is not a number"
                        )
                    )
            }
        }
        return results
    }

    private mutating func appendThetas(
        _ list: JSONValue,
        thetaDim: Int,
        path: String
    ) throws(APIError) -> Int {
        guard list.kind == .array, list.count > 0, !list.isNumberArray else {
            let vector = NumberArrayReader.describe([thetaDim])
            let expected = "a list of parameters, each \(vector)"
            throw .invalidObservation(JSONField(list, path: path).mismatch(expected))
        }
        for (index, value) in list.elements.enumerated() {
            try NumberArrayReader.appendOrRestore(value, shape: [thetaDim], to: &theta) {
                "\(path)[\(index)]"
            }
        }
        return list.count
    }
}
