package import Autodiff
import Kernels

// Programs over contexts: what an embedding network makes of an observation is computed once, not
// for every draw, and derivatives by the observation are pulled back through it at the end.
// Everything is a density of unconstrained theta u: divergences and derivatives by x are the same
// there, and no draw rounds onto a bound.
extension ConditionalDensity {
    /// C, the scalars that all members together see of an observation.
    var contextDim: Int { members.reduce(0) { $0 + $1.contextDim } }

    /// Whether members see the standardised observation itself.
    var hasEmbedding: Bool { members.contains(where: \.hasEmbedding) }

    /// x `[L]` → contexts `[C]`.
    func contextProgram() -> (program: LaneProgram, context: LaneValue) {
        var program = LaneProgram(layout: layout)
        let x = program.input(xDim, rate: .observation)
        let context = program.concatenate(appendContexts(of: x, to: &program))
        return (program, context)
    }

    /// x `[L]` and a cotangent of the contexts v `[C]` → vᵀ ∂c/∂x `[L]`.
    func pullbackProgram() -> (program: LaneProgram, pullback: LaneValue) {
        var program = LaneProgram(layout: layout)
        let x = program.input(xDim, rate: .observation)
        let v = program.input(contextDim, rate: .sample)
        let context = program.concatenate(appendContexts(of: x, to: &program))
        let pullback = program.appendCotangents(of: context, cotangent: v, withRespectTo: [x])[0]
        return (program, pullback)
    }

    /// u `[D]` and contexts `[C]` → log q(u | c) and its gradient by c.
    func scoreProgram() -> (program: LaneProgram, logProb: LaneValue, score: LaneValue) {
        var program = LaneProgram(layout: layout)
        let u = program.input(thetaDim, rate: .sample)
        let context = program.input(contextDim, rate: .observation)
        let logProb = appendLogProb(of: u, split(context, in: &program), to: &program)
        let score = program.appendCotangents(
            of: logProb,
            cotangent: program.literal([1]),
            withRespectTo: [context]
        )[0]
        return (program, logProb, score)
    }

    /// Contexts `[C]`, normals and, where needed, uniforms → a draw u, log q(u | c) and its
    /// gradient by c with the draw held where it is.
    func drawScoreProgram() -> DrawScoreProgram {
        var program = LaneProgram(layout: layout)
        let context = program.input(contextDim, rate: .observation)
        let normals = program.input(normalCount, rate: .sample, kind: .noise(.normal))
        let uniforms =
            uniformCount > 0
            ? program.input(uniformCount, rate: .sample, kind: .noise(.uniform)) : nil
        let contexts = split(context, in: &program)
        let u = appendDraw(normals, uniforms, given: contexts, to: &program).u
        let logProb = appendLogProb(of: u, contexts, to: &program)
        let score = program.appendCotangents(
            of: logProb,
            cotangent: program.literal([1]),
            withRespectTo: [context],
            holding: [u]
        )[0]
        return DrawScoreProgram(
            program: program,
            normals: normals,
            u: u,
            logProb: logProb,
            score: score
        )
    }

    /// Contexts `[C]`, normals and a cotangent v `[D]` of the draw u → vᵀ ∂u/∂c.
    func drawPullbackProgram() -> (program: LaneProgram, pullback: LaneValue) {
        var program = LaneProgram(layout: layout)
        let context = program.input(contextDim, rate: .observation)
        let normals = program.input(normalCount, rate: .sample, kind: .noise(.normal))
        let v = program.input(thetaDim, rate: .sample)
        let u = appendDraw(normals, nil, given: split(context, in: &program), to: &program).u
        let pullback = program.appendCotangents(of: u, cotangent: v, withRespectTo: [context])[0]
        return (program, pullback)
    }

    /// Contexts a and b, each `[C]`, and normals → log q(u | a) − log q(u | b) at a draw u from
    /// q(· | a), its slope by a along the path of the draw, and that slope less the score
    /// ∂ log q(u | a) / ∂a with the draw held.
    ///
    /// The means over noise are KL(q(· | a) ‖ q(· | b)) and, of both others, its gradient. Scores have
    /// mean zero; without them the error is as small as the distance of a from b. Draws are taken
    /// from every part of a mixture and weighted, so the gradient knows how the weights move, too.
    /// Nil where there are too many parts.
    ///
    /// *Reference*: Roeder, Wu, Duvenaud (2017), Sticking the Landing, arXiv:1703.09194.
    func divergenceProgram() -> DivergenceProgram? {
        var program = LaneProgram(layout: layout)
        let first = program.input(contextDim, rate: .observation)
        let second = program.input(contextDim, rate: .observation)
        let normals = program.input(normalCount, rate: .sample, kind: .noise(.normal))
        let contexts = split(first, in: &program)
        guard let strata = appendStrata(normals, given: contexts, to: &program) else { return nil }
        let value = appendDivergence(
            over: strata,
            of: contexts,
            from: split(second, in: &program),
            to: &program
        )
        let slope = program.appendCotangents(
            of: value,
            cotangent: program.literal([1]),
            withRespectTo: [first]
        )[0]
        let densities = strata.map { stratum in
            let own = appendLogProb(of: stratum.draw, contexts, to: &program)
            guard let weight = stratum.logWeight else { return own }
            return program.multiply(program.apply(.exp, weight), own)
        }
        let score = program.appendCotangents(
            of: program.sum(program.concatenate(densities)),
            cotangent: program.literal([1]),
            withRespectTo: [first],
            holding: strata.flatMap { [$0.draw] + [$0.logWeight].compactMap { $0 } }
        )[0]
        let withoutScore = program.subtract(slope, score)
        return DivergenceProgram(
            program: program,
            value: value,
            slope: slope,
            slopeWithoutScore: withoutScore
        )
    }

    /// Contexts `[C]` and a cotangent v of mean and factor → these, and vᵀ times their derivative
    /// by the contexts; nil for what is no single normal.
    func normalProgram() -> NormalProgram? {
        var program = LaneProgram(layout: layout)
        let context = program.input(contextDim, rate: .observation)
        guard members.count == 1,
            let (mean, factor) = members[0].appendNormal(given: context, to: &program)
        else { return nil }
        let values = program.concatenate([mean, factor])
        let v = program.input(values.width, rate: .sample)
        let pullback = program.appendCotangents(
            of: values,
            cotangent: v,
            withRespectTo: [context]
        )[0]
        return NormalProgram(program: program, values: values, pullback: pullback)
    }

    /// Σ over strata of the draw from q(· | a) of weight (log q(u | a) − log q(u | b)).
    package func appendDivergence(
        of first: [LaneValue],
        from second: [LaneValue],
        normals: LaneValue,
        to program: inout LaneProgram
    ) -> LaneValue? {
        guard let strata = appendStrata(normals, given: first, to: &program) else { return nil }
        return appendDivergence(over: strata, of: first, from: second, to: &program)
    }

    private func appendDivergence(
        over strata: [Stratum],
        of first: [LaneValue],
        from second: [LaneValue],
        to program: inout LaneProgram
    ) -> LaneValue {
        let terms = strata.map { stratum in
            let own =
                stratum.logProb.map { appendMixture([$0], supportLog: nil, to: &program) }
                ?? appendLogProb(of: stratum.draw, first, to: &program)
            let gap = program.subtract(
                own,
                appendLogProb(of: stratum.draw, second, to: &program)
            )
            guard let weight = stratum.logWeight else { return gap }
            return program.multiply(program.apply(.exp, weight), gap)
        }
        return program.sum(program.concatenate(terms))
    }

    /// Draws u from every part of every member; nil where those are too many.
    ///
    /// `logProb` of a stratum is z's, and only there where one member is the whole.
    func appendStrata(
        _ normals: LaneValue,
        given contexts: [LaneValue],
        to program: inout LaneProgram
    ) -> [Stratum]? {
        let share = Float(-logarithm(Double(members.count)))
        var all: [Stratum] = []
        for (index, member) in members.enumerated() {
            let strata = program.within(parts[index]) {
                member.appendStrata(normals: normals, given: contexts[index], to: &$0)
            }
            guard let strata else { return nil }
            guard members.count > 1 else { return strata }
            all += strata.map { stratum in
                let weight = stratum.logWeight.map { program.scale($0, by: 1, plus: share) }
                return Stratum(draw: stratum.draw, logWeight: weight ?? program.literal([share]))
            }
        }
        return all
    }

    /// log q(u | c).
    func appendLogProb(
        of u: LaneValue,
        _ contexts: [LaneValue],
        to program: inout LaneProgram
    ) -> LaneValue {
        appendLogProb(of: u, contexts, supportLog: nil, to: &program)
    }

    /// The part of the contexts that each member sees.
    func split(_ context: LaneValue, in program: inout LaneProgram) -> [LaneValue] {
        var start = 0
        return members.map { member in
            defer { start += member.contextDim }
            return program.slice(context, start..<(start + member.contextDim))
        }
    }
}

/// A program that draws and differentiates the log density there.
struct DrawScoreProgram {
    var program: LaneProgram
    /// The base noise, `[D]`.
    var normals: LaneValue
    /// The draw, `[D]`.
    var u: LaneValue
    /// log q(u | c), of width 1.
    var logProb: LaneValue
    /// ∂ log q(u | c) / ∂c, `[C]`.
    var score: LaneValue
}

/// What `divergenceProgram` makes.
struct DivergenceProgram {
    var program: LaneProgram
    /// `[1]`.
    var value: LaneValue
    /// `[C]`.
    var slope: LaneValue
    /// `[C]`.
    var slopeWithoutScore: LaneValue
}

/// A program that gives the one normal a density is, in standardised theta.
struct NormalProgram {
    var program: LaneProgram
    /// Mean and precision factor, see `DensityEstimator.appendNormal`.
    var values: LaneValue
    /// A cotangent of `values`, pulled back to the contexts.
    var pullback: LaneValue
}
