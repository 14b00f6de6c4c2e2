/// How far out an observation lies, by a normal with a few principal directions of its own and one
/// variance for all the rest.
///
///     d² = (Σ_k z_k² / λ_k + ‖rest‖² / σ²) / W
///
/// where z are the coordinates of the standardised observation, less the centre, along the principal
/// directions, λ its variances there, and rest what they leave. Of a set of trials it is the mean
/// over the trials that are there, each of W entries; elsewhere the whole observation is the only
/// trial. Nothing has to be normal for d² to be a statistic: what it means is read off the
/// distances of simulations.
///
/// *Reference*: Tipping, Bishop (1999), Probabilistic Principal Component Analysis, Journal of the
/// Royal Statistical Society B 61, eqs. 4 to 8.
public struct ObservationDistance: Sendable, Equatable {
    /// The centre of a standardised trial, `[W]`.
    public let center: [Float]
    /// The principal directions, `[K, W]`, row by row.
    public let directions: [Float]
    /// λ, `[K]`, positive.
    public let variances: [Float]
    /// σ², positive.
    public let residualVariance: Float

    /// The most principal directions.
    private static let mostDirections = 32
    /// Rows there are at least for each direction, so that none follows chance.
    private static let rowsPerDirection = 10
    /// The least variance, in units of that of an entry: below it is rounding.
    private static let leastVariance: Float = 1e-6

    /// W.
    public var trialWidth: Int { center.count }

    /// Joins the parts.
    public init(
        center: [Float],
        directions: [Float],
        variances: [Float],
        residualVariance: Float
    ) {
        precondition(directions.count == center.count * variances.count, "directions of a width")
        self.center = center
        self.directions = directions
        self.variances = variances
        self.residualVariance = residualVariance
    }

    /// Fits the normal to standardised observations `[N, L]`, two trials or more in all.
    init(fitting observations: [Double], trialWidth width: Int) {
        var trials: [Double] = []
        for start in stride(from: 0, to: observations.count, by: width)
        where !observations[start].isNaN {
            trials += observations[start..<(start + width)]
        }
        let most = max(trials.count / width / Self.rowsPerDirection, 1)
        let found = PrincipalDirections(
            trials,
            width: width,
            count: min(Self.mostDirections, width, most)
        )
        self.init(
            center: found.center.map(Float.init),
            directions: found.directions.flatMap { $0.map(Float.init) },
            variances: found.variances.map { max(Float($0), Self.leastVariance) },
            residualVariance: max(Float(found.residualVariance), Self.leastVariance)
        )
    }

    /// d² of one standardised observation `[L]`; NaN where no trial is there.
    func squared(_ observation: some RandomAccessCollection<Double>) -> Float {
        let values = Array(observation)
        let width = trialWidth
        var total = 0.0
        var trials = 0.0
        for start in stride(from: 0, to: values.count, by: width) where !values[start].isNaN {
            var rest = (0..<width).map { values[start + $0] - Double(center[$0]) }
            trials += 1
            for (direction, variance) in variances.enumerated() {
                let first = direction * width
                var coordinate = 0.0
                for place in 0..<width {
                    coordinate += rest[place] * Double(directions[first + place])
                }
                for place in 0..<width {
                    rest[place] -= coordinate * Double(directions[first + place])
                }
                total += coordinate * coordinate / Double(variance)
            }
            total += dot(rest, rest) / Double(residualVariance)
        }
        // Distances are compared with stored ones, which are in single precision.
        return Float(total / trials / Double(width))
    }
}
