package import Autodiff
package import Distributions
import Kernels

/// log q(theta | x) in the user's units: the equal-weight mixture of one complete density or more
/// over unconstrained theta, behind the prior's bijection.
package struct ConditionalDensity: Sendable {
    let members: [MemberDensity]
    let support: SupportMap
    /// The parameters its programs read, member by member.
    package let layout: ParameterLayout
    let parts: [ParameterLayout.Part]
    private let tensorPrefixes: [String]

    /// D.
    package var thetaDim: Int { support.transforms.count }
    /// L.
    package var xDim: Int { members[0].xDim }
    /// Standard normals one draw takes.
    var normalCount: Int { thetaDim }
    /// Uniforms one draw takes: one chooses the member where there are several.
    var uniformCount: Int {
        (members.map(\.estimator.uniformCount).max() ?? 0) + (members.count > 1 ? 1 : 0)
    }

    /// Joins the parts.
    ///
    /// - Parameters:
    ///   - architecture: The structure of the estimator.
    ///   - embedding: The network before it, if there is one; none for an ensemble.
    ///   - prior: Gives D and the way to unconstrained space.
    ///   - support: Whether theta goes that way.
    ///   - standardizations: One for each member of an ensemble, one for another estimator.
    /// - Throws: `EstimatorError` naming the part that does not fit.
    package init(
        architecture: EstimatorArchitecture,
        embedding: EmbeddingArchitecture? = nil,
        prior: DistributionDescription,
        support: PosteriorSupport = .unconstrained,
        standardizations: [Standardization]
    ) throws(EstimatorError) {
        let transforms = support.transforms(of: prior)
        let descriptions = try architecture.members(embedding: embedding)
        guard descriptions.count == standardizations.count else {
            throw .invalidArchitecture(
                "\(standardizations.count) standardisations for \(descriptions.count) members"
            )
        }
        var members: [MemberDensity] = []
        var parts: [ParameterLayout.Part] = []
        var layout = ParameterLayout()
        for (description, standardization) in zip(descriptions, standardizations) {
            let member = try MemberDensity(
                description,
                thetaDim: transforms.count,
                standardization: standardization
            )
            guard member.xDim == standardizations[0].xMean.count else {
                throw .invalidArchitecture("the members' observations have different sizes")
            }
            parts.append(layout.append(member.layout))
            members.append(member)
        }
        self.support = SupportMap(transforms: transforms)
        self.members = members
        self.parts = parts
        self.layout = layout
        tensorPrefixes = members.indices.map(architecture.tensorPrefix(ofMember:))
    }
}

// Parameters.
extension ConditionalDensity {
    /// The parameters of a file's tensors.
    ///
    /// - Throws: `EstimatorError` naming a tensor that is missing, of another shape, or useless.
    func parameters(from tensors: [String: Tensor]) throws(EstimatorError) -> [Float] {
        var parameters: [Float] = []
        for (member, prefix) in zip(members, tensorPrefixes) {
            do throws(EstimatorError) {
                parameters += try member.parameters(from: tensors.below(prefix))
            } catch {
                throw error.below(prefix)
            }
        }
        return parameters
    }

    /// The tensors of a parameter vector, the standardisations included.
    func tensors(of parameters: [Float]) -> [String: Tensor] {
        var tensors: [String: Tensor] = [:]
        for (index, member) in members.enumerated() {
            let start = parts[index].offset
            let own = member.tensors(of: parameters[start..<(start + member.layout.count)])
            for (name, tensor) in own { tensors[tensorPrefixes[index] + name] = tensor }
        }
        return tensors
    }

    /// Random initial weights; a function of the seed alone.
    func initialParameters(seed: UInt64) -> [Float] {
        members.enumerated().flatMap { index, member in
            member.initialParameters(
                seed: index == 0
                    ? seed : RandomStream(seed: seed).substream(UInt64(index) << 8).seed
            )
        }
    }
}

// As parts of programs.
extension ConditionalDensity {
    /// Appends log q(theta | x), of width 1, for theta `[D]` and x `[L]` in the user's units.
    package func appendLogProb(
        of theta: LaneValue,
        given x: LaneValue,
        to program: inout LaneProgram
    ) -> LaneValue {
        let contexts = appendContexts(of: x, to: &program)
        let (u, supportLog) = support.appendUnconstrained(theta, to: &program)
        return appendLogProb(of: u, contexts, supportLog: supportLog, to: &program)
    }

    /// What each member sees of x.
    package func appendContexts(
        of x: LaneValue,
        to program: inout LaneProgram
    ) -> [LaneValue] {
        zip(members, parts).map { member, part in
            program.within(part) { member.appendContext(of: x, to: &$0) }
        }
    }

    /// log Σₘ qₘ(u) − log M, and the log-determinant of the support's map.
    func appendLogProb(
        of u: LaneValue,
        _ contexts: [LaneValue],
        supportLog: LaneValue?,
        to program: inout LaneProgram
    ) -> LaneValue {
        let logProbs = members.indices.map { index in
            program.within(parts[index]) {
                members[index].appendLogProb(of: u, given: contexts[index], to: &$0)
            }
        }
        return appendMixture(logProbs, supportLog: supportLog, to: &program)
    }

    func appendMixture(
        _ logProbs: [LaneValue],
        supportLog: LaneValue?,
        to program: inout LaneProgram
    ) -> LaneValue {
        let constants = members.map { Float($0.standardization.logDeterminant) }
        var logProb = logProbs[0]
        if logProbs.count > 1 {
            let shifted = zip(logProbs, constants).map { program.scale($0, by: 1, plus: $1) }
            logProb = program.logSumExp(program.concatenate(shifted))
        }
        if let supportLog { logProb = program.add(logProb, supportLog) }
        return program.scale(
            logProb,
            by: 1,
            plus: logProbs.count > 1 ? Float(-logarithm(Double(members.count))) : constants[0]
        )
    }

    /// A program with inputs theta `[D]` and x `[L]`, in this order, and its log density.
    func logProbProgram() -> (program: LaneProgram, logProb: LaneValue) {
        var program = LaneProgram(layout: layout)
        let theta = program.input(thetaDim, rate: .sample)
        let x = program.input(xDim, rate: .observation)
        let logProb = appendLogProb(of: theta, given: x, to: &program)
        return (program, logProb)
    }

    /// A program with inputs u `[D]` and x `[L]`, in this order, that gives log q(theta | x) at the
    /// theta a bijection takes u to, and its gradient by u.
    func ascentProgram(
        through bijection: SupportMap
    ) -> (program: LaneProgram, logProb: LaneValue, gradient: LaneValue) {
        var program = LaneProgram(layout: layout)
        let u = program.input(thetaDim, rate: .sample)
        let x = program.input(xDim, rate: .observation)
        let logProb: LaneValue
        if bijection.transforms == support.transforms {
            // In terms of u the density keeps its digits where theta has met its bound.
            let supportLog = support.appendLogDeterminant(ofTheta: u, to: &program)
            let contexts = appendContexts(of: x, to: &program)
            logProb = appendLogProb(of: u, contexts, supportLog: supportLog, to: &program)
        } else {
            let theta = bijection.appendTheta(of: u, to: &program)
            logProb = appendLogProb(of: theta, given: x, to: &program)
        }
        let one = program.literal([1])
        let gradient = program.appendCotangents(of: logProb, cotangent: one, withRespectTo: [u])[0]
        return (program, logProb, gradient)
    }

    /// A program with inputs theta `[D]` and x `[L]`, in this order, and the base variable of
    /// theta; nil for an estimator without one.
    func baseProgram() -> (program: LaneProgram, base: LaneValue)? {
        guard members.count == 1 else { return nil }
        var program = LaneProgram(layout: layout)
        let theta = program.input(thetaDim, rate: .sample)
        let x = program.input(xDim, rate: .observation)
        let context = members[0].appendContext(of: x, to: &program)
        let u = support.appendUnconstrained(theta, to: &program).u
        return members[0].appendBase(of: u, given: context, to: &program).map { (program, $0) }
    }

    /// A program with inputs x `[L]`, normals `[D]` and, where needed, uniforms.
    func sampleProgram() -> (program: LaneProgram, theta: LaneValue, logProb: LaneValue) {
        var program = LaneProgram(layout: layout)
        let x = program.input(xDim, rate: .observation)
        let normals = program.input(normalCount, rate: .sample, kind: .noise(.normal))
        let uniforms =
            uniformCount > 0
            ? program.input(uniformCount, rate: .sample, kind: .noise(.uniform)) : nil
        let contexts = appendContexts(of: x, to: &program)
        let (u, ownLogProb) = appendDraw(normals, uniforms, given: contexts, to: &program)
        let supportLog = support.appendLogDeterminant(ofTheta: u, to: &program)
        let logProb =
            ownLogProb.map { appendMixture([$0], supportLog: supportLog, to: &program) }
            ?? appendLogProb(of: u, contexts, supportLog: supportLog, to: &program)
        let theta = support.appendTheta(of: u, to: &program)
        return (program, theta, logProb)
    }

    /// A draw u made from noise and, where there is one member, the log density of its z there.
    func appendDraw(
        _ normals: LaneValue,
        _ uniforms: LaneValue?,
        given contexts: [LaneValue],
        to program: inout LaneProgram
    ) -> (u: LaneValue, logProb: LaneValue?) {
        let draws = members.indices.map { index in
            let count = members[index].estimator.uniformCount
            let first = members.count > 1 ? 1 : 0
            let own = uniforms.flatMap { uniforms in
                count > 0 ? program.slice(uniforms, first..<(first + count)) : nil
            }
            return program.within(parts[index]) {
                members[index].appendSample(
                    normals: normals,
                    uniforms: own,
                    given: contexts[index],
                    to: &$0
                )
            }
        }
        guard let uniforms, members.count > 1 else { return (draws[0].u, draws[0].logProb) }
        return (appendChoice(among: draws.map(\.u), uniforms, to: &program), nil)
    }

    /// The draw of the member whose share of [0, 1) holds the first uniform.
    private func appendChoice(
        among draws: [LaneValue],
        _ uniforms: LaneValue,
        to program: inout LaneProgram
    ) -> LaneValue {
        let uniform = program.gather(uniforms, Array(repeating: 0, count: thetaDim))
        var chosen = draws[draws.count - 1]
        for index in (0..<(draws.count - 1)).reversed() {
            let end = Float(index + 1) / Float(draws.count)
            let isBelow = program.scale(uniform, by: -1, plus: end)
            chosen = program.select(isBelow, draws[index], chosen)
        }
        return chosen
    }
}

extension [String: Tensor] {
    /// The tensors whose names start with a prefix, without it.
    func below(_ prefix: String) -> Self {
        guard !prefix.isEmpty else { return self }
        var tensors: Self = [:]
        for (name, tensor) in self where name.hasPrefix(prefix) {
            tensors[String(name.dropFirst(prefix.count))] = tensor
        }
        return tensors
    }
}
