import Estimators

/// ∂c/∂x at one observation: what turns derivatives by the context into derivatives by x.
struct ContextDerivative {
    /// Rows of the derivative, `[C, L]`.
    private let rows: [Float]
    /// L.
    let xDim: Int
    /// C.
    let contextDim: Int
    /// The diagonals where every member sees the standardised observation: C = members · L.
    private let diagonal: [Double]?

    /// Pulls every unit of the context back through the embedding network, once.
    init(_ sensitivity: PosteriorSensitivity, at observation: [Float], workers: Int) {
        xDim = sensitivity.xDim
        contextDim = sensitivity.contextDim
        guard sensitivity.hasEmbedding else {
            // Entry c of the context moves with entry c mod L of x alone.
            let ones = [Float](repeating: 1, count: contextDim)
            // One pullback for each member keeps them apart.
            let members = contextDim / xDim
            var cotangents = [Float](repeating: 0, count: members * contextDim)
            for member in 0..<members {
                for place in 0..<xDim {
                    cotangents[member * contextDim + member * xDim + place] = ones[place]
                }
            }
            diagonal = sensitivity.pullback(cotangents, at: observation, workers: workers)
                .map { $0.isFinite ? Double($0) : 0 }
            rows = []
            return
        }
        var identity = [Float](repeating: 0, count: contextDim * contextDim)
        for place in 0..<contextDim { identity[place * contextDim + place] = 1 }
        diagonal = nil
        // Where x is missing, nothing moves.
        rows = sensitivity.pullback(identity, at: observation, workers: workers)
            .map { $0.isFinite ? $0 : 0 }
    }

    /// ∂c/∂x v, `[C]`, of a direction v of x `[L]`.
    func pushed(_ v: [Double]) -> [Double] {
        if let diagonal { return diagonal.indices.map { diagonal[$0] * v[$0 % xDim] } }
        return (0..<contextDim).map { row in
            var total = 0.0
            for place in 0..<xDim { total += Double(rows[row * xDim + place]) * v[place] }
            return total
        }
    }

    /// vᵀ ∂c/∂x, `[L]`, of a cotangent v of the context `[C]`.
    func pulled(_ v: [Double]) -> [Double] {
        var result = [Double](repeating: 0, count: xDim)
        if let diagonal {
            for place in diagonal.indices { result[place % xDim] += diagonal[place] * v[place] }
            return result
        }
        for row in 0..<contextDim where v[row] != 0 {
            for place in 0..<xDim { result[place] += v[row] * Double(rows[row * xDim + place]) }
        }
        return result
    }

    /// ‖vᵀ ∂c/∂x‖² of many cotangents of the context `[N, C]`, `[N]`.
    ///
    /// Behind an embedding network the products of its rows are taken once; without one nothing of
    /// the size C² is made.
    func squaredLengths(of cotangents: [Double]) -> [Double] {
        let starts = stride(from: 0, to: cotangents.count, by: contextDim)
        if let diagonal {
            return starts.map { start in
                var total = 0.0
                for place in 0..<xDim {
                    var entry = 0.0
                    for unit in stride(from: place, to: contextDim, by: xDim) {
                        entry += diagonal[unit] * cotangents[start + unit]
                    }
                    total += entry * entry
                }
                return total
            }
        }
        let gram = gram()
        return starts.map { start in
            var total = 0.0
            for row in 0..<contextDim {
                var image = 0.0
                for column in 0..<contextDim {
                    image += gram[row * contextDim + column] * cotangents[start + column]
                }
                total += cotangents[start + row] * image
            }
            return total
        }
    }

    /// ∂c/∂x (∂c/∂x)ᵀ, `[C, C]`, of an embedding network.
    private func gram() -> [Double] {
        var gram = [Double](repeating: 0, count: contextDim * contextDim)
        for row in 0..<contextDim {
            for column in row..<contextDim {
                var total = 0.0
                for place in 0..<xDim {
                    total += Double(rows[row * xDim + place]) * Double(rows[column * xDim + place])
                }
                gram[row * contextDim + column] = total
                gram[column * contextDim + row] = total
            }
        }
        return gram
    }
}
