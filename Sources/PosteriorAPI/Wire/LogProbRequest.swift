import StrictJSON

/// The body of `POST …/log_prob`.
struct LogProbRequest {
    /// What was sent for one observation, its place in `x` and its rows in `theta`.
    struct Query {
        var x: Range<Int>
        var theta: Range<Int>
        var count: Int
    }

    /// The numbers of the usable observations, one after the other.
    private(set) var x: [Float] = []
    /// The numbers of their thetas, one after the other.
    private(set) var theta: [Float] = []
    /// One entry for each observation, in the order asked.
    private(set) var queries: [Result<Query, APIError>] = []
    /// How many densities are asked for, over all observations.
    private(set) var draws = 0

    /// Reads and checks the body.
    ///
    /// With `observations`, `theta` is a list with a list of thetas for each of them; with
    /// `observation`, it is that one's list of thetas.
    init(
        _ body: JSONValue,
        xShape: ObservationShape,
        thetaDim: Int,
        limits: ServiceLimits
    ) throws(JSONFieldError) {
        let fields = try JSONField(body, path: "").object()
        try fields.refuseOthers(than: ["observations", "observation", "theta"])
        let observations = try ObservationList(fields, shape: xShape, limits: limits)
        let vector = NumberArrayReader.describe([thetaDim])
        let field = try fields.required(
            "theta",
            expected: observations.isBatch
                ? "for each observation a list of parameters, each \(vector)"
                : "a list of parameters, each \(vector)"
        )
        var lists = [field.value]
        if observations.isBatch {
            let count = observations.entries.count
            guard field.value.kind == .array, field.value.count == count else {
                throw field.mismatch(
                    "a list of \(count), a list of parameters for each observation"
                )
            }
            lists = field.value.elements
        }
        for index in observations.entries.indices {
            let (xCount, thetaCount) = (x.count, theta.count)
            do throws(APIError) {
                try observations.append(index, to: &x)
                let path = observations.isBatch ? "theta[\(index)]" : "theta"
                let count = try appendThetas(lists[index], thetaDim: thetaDim, path: path)
                draws += count
                queries.append(
                    .success(
                        Query(x: xCount..<x.count, theta: thetaCount..<theta.count, count: count)
                    )
                )
            } catch {
                x.removeLast(x.count - xCount)
                theta.removeLast(theta.count - thetaCount)
                queries.append(.failure(error))
            }
        }
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
