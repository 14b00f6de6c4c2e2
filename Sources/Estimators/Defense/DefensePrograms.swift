package import Autodiff
import Kernels

/// Which divergence between the posteriors of a clean and an attacked observation is meant, the
/// operands named in their order.
public enum DivergenceDirection: String, Sendable, CaseIterable {
    /// KL(q(· | x) ‖ q(· | x̃)).
    case cleanAttacked = "kl_clean_attacked"
    /// KL(q(· | x̃) ‖ q(· | x)).
    case attackedClean = "kl_attacked_clean"
}

/// A program of one draw's part of a penalty.
package struct PenaltyProgram {
    /// The graph; what is not a weight is an input.
    package var program: LaneProgram
    /// The penalty, of width 1.
    package var penalty: LaneValue
    /// The draws, `[D]` each: one, or one of each part of a mixture.
    package var draws: [LaneValue]
    /// What a search needs beside the penalty, `[L]`.
    package var direction: LaneValue?
}

// Draws are made inside the programs and not held when the penalty is differentiated by the
// weights: where samples land moves with the weights, and the gradient has to know. They are held
// only inside, where a log density is differentiated by the observation it is conditioned on.
extension ConditionalDensity {
    /// x `[L]` and normals `[D]` → ‖∇ₓ log q(u | x)‖² at a draw u, whose mean is tr I(x).
    ///
    /// *Reference*: Glöckler, Deistler, Macke (2023), Adversarial robustness of amortized Bayesian
    /// inference, arXiv:2305.14984, eq. 5. Nil where draws have no derivative.
    ///
    /// - Parameter reusesDraw: Whether the density is derived on the way of the draw where that is
    ///   shorter, as it is for flows; the values are the same.
    /// - Returns: The program.
    package func fisherTraceProgram(reusesDraw: Bool = true) -> PenaltyProgram? {
        var program = LaneProgram(layout: layout)
        let x = program.input(xDim, rate: .observation)
        let normals = program.input(normalCount, rate: .sample, kind: .noise(.normal))
        guard let scores = appendScores(at: x, normals, reusesDraw, to: &program) else {
            return nil
        }
        let terms = scores.map { score in
            weighted(program.squaredNorm(score.gradient), by: score.stratum, in: &program)
        }
        let penalty = program.sum(program.concatenate(terms))
        return PenaltyProgram(
            program: program,
            penalty: penalty,
            draws: scores.map(\.stratum.draw)
        )
    }

    /// x `[L]`, a direction v `[L]` and normals `[D]` → (g · v)², g = ∇ₓ log q(u | x), whose mean
    /// is vᵀ I(x) v; `direction` is g (g · v), whose mean is I(x) v.
    ///
    /// At the top eigenvector the first is λmax(I(x)), and so are their derivatives by the weights:
    /// those of the vector itself cancel. Nil where draws have no derivative.
    package func fisherDirectionProgram() -> PenaltyProgram? {
        var program = LaneProgram(layout: layout)
        let x = program.input(xDim, rate: .observation)
        let v = program.input(xDim, rate: .observation)
        let normals = program.input(normalCount, rate: .sample, kind: .noise(.normal))
        guard let scores = appendScores(at: x, normals, true, to: &program) else { return nil }
        var squares: [LaneValue] = []
        var products: LaneValue?
        for score in scores {
            let slope = program.dot(score.gradient, v)
            squares.append(
                weighted(program.multiply(slope, slope), by: score.stratum, in: &program)
            )
            let factor = weighted(slope, by: score.stratum, in: &program)
            let product = program.multiply(
                score.gradient,
                program.gather(factor, Array(repeating: 0, count: xDim))
            )
            products = products.map { program.add($0, product) } ?? product
        }
        let penalty = program.sum(program.concatenate(squares))
        return PenaltyProgram(
            program: program,
            penalty: penalty,
            draws: scores.map(\.stratum.draw),
            direction: products
        )
    }

    /// x `[L]`, x̃ `[L]` and normals `[D]` → a log density ratio at a draw, whose mean is the
    /// divergence between both posteriors; nil where draws have no derivative.
    package func divergencePenaltyProgram(
        _ direction: DivergenceDirection
    ) -> PenaltyProgram? {
        var program = LaneProgram(layout: layout)
        let clean = program.input(xDim, rate: .observation)
        let attacked = program.input(xDim, rate: .observation)
        let normals = program.input(normalCount, rate: .sample, kind: .noise(.normal))
        let cleanContexts = appendContexts(of: clean, to: &program)
        let attackedContexts = appendContexts(of: attacked, to: &program)
        let (first, second) =
            direction == .cleanAttacked
            ? (cleanContexts, attackedContexts) : (attackedContexts, cleanContexts)
        guard
            let strata = appendStrata(normals, given: first, to: &program),
            let penalty = appendDivergence(
                of: first,
                from: second,
                normals: normals,
                to: &program
            )
        else { return nil }
        return PenaltyProgram(program: program, penalty: penalty, draws: strata.map(\.draw))
    }

    /// The clean contexts `[C]`, x̃ `[L]` and normals `[D]` → the log density ratio, and in
    /// `direction` its gradient by x̃, along the path of the draw where it is drawn there.
    package func divergenceAscentProgram(_ direction: DivergenceDirection) -> PenaltyProgram? {
        var program = LaneProgram(layout: layout)
        let cleanContexts = split(
            program.input(contextDim, rate: .observation),
            in: &program
        )
        let attacked = program.input(xDim, rate: .observation)
        let normals = program.input(normalCount, rate: .sample, kind: .noise(.normal))
        let attackedContexts = appendContexts(of: attacked, to: &program)
        let (first, second) =
            direction == .cleanAttacked
            ? (cleanContexts, attackedContexts) : (attackedContexts, cleanContexts)
        guard
            let value = appendDivergence(
                of: first,
                from: second,
                normals: normals,
                to: &program
            )
        else { return nil }
        let gradient = program.appendCotangents(
            of: value,
            cotangent: program.literal([1]),
            withRespectTo: [attacked]
        )[0]
        return PenaltyProgram(program: program, penalty: value, draws: [], direction: gradient)
    }

    /// theta `[D]` and x̃ `[L]` → −log q(theta | x̃) and in `direction` its gradient by x̃.
    package func lossAscentProgram() -> PenaltyProgram {
        var program = LaneProgram(layout: layout)
        let theta = program.input(thetaDim, rate: .sample)
        let x = program.input(xDim, rate: .observation)
        let loss = program.scale(appendLogProb(of: theta, given: x, to: &program), by: -1)
        let gradient = program.appendCotangents(
            of: loss,
            cotangent: program.literal([1]),
            withRespectTo: [x]
        )[0]
        return PenaltyProgram(program: program, penalty: loss, draws: [], direction: gradient)
    }

    /// Draws at x and the gradients by x of the log density there, the draws held.
    private func appendScores(
        at x: LaneValue,
        _ normals: LaneValue,
        _ reusesDraw: Bool,
        to program: inout LaneProgram
    ) -> [(stratum: Stratum, gradient: LaneValue)]? {
        let contexts = appendContexts(of: x, to: &program)
        if reusesDraw, members.count == 1 {
            let draw = program.within(parts[0]) {
                members[0].appendDrawScore(normals: normals, given: contexts[0], to: &$0)
            }
            if let draw {
                let gradient = program.appendCotangents(
                    of: contexts[0],
                    cotangent: draw.score,
                    withRespectTo: [x]
                )[0]
                return [(Stratum(draw: draw.u), gradient)]
            }
        }
        guard let strata = appendStrata(normals, given: contexts, to: &program) else { return nil }
        return strata.map { stratum in
            let logProb = appendLogProb(of: stratum.draw, contexts, to: &program)
            let gradient = program.appendCotangents(
                of: logProb,
                cotangent: program.literal([1]),
                withRespectTo: [x],
                holding: [stratum.draw]
            )[0]
            return (stratum, gradient)
        }
    }

    /// A value of width 1 times the weight of its stratum.
    private func weighted(
        _ value: LaneValue,
        by stratum: Stratum,
        in program: inout LaneProgram
    ) -> LaneValue {
        guard let weight = stratum.logWeight else { return value }
        return program.multiply(program.apply(.exp, weight), value)
    }
}
