/// Structure of a masked autoregressive network that gives each parameter a mixture of normals.
///
/// *Reference*: Germain, Gregor, Murray, Larochelle (2015), MADE, arXiv:1502.03509; the form is
/// that of sbi 0.27, `posterior_nn("made")`.
public struct MixtureMADEArchitecture: Sendable, Equatable {
    /// Number of components of each parameter's mixture.
    public var components: Int
    /// Added to the softplus of the raw deviation of each component.
    public var deviationFloor: Double
    /// The degree of each hidden unit, `[H]`, from 1 to D: a unit of degree d sees the first
    /// d − 1 parameters.
    public var degrees: [Int]
    /// Number of residual blocks.
    public var blocks: Int
    /// The function before each layer of a block.
    public var activation: Activation

    /// Makes an architecture from its parts; `Posterior` checks them.
    public init(
        components: Int,
        deviationFloor: Double,
        degrees: [Int],
        blocks: Int,
        activation: Activation = .relu
    ) {
        self.components = components
        self.deviationFloor = deviationFloor
        self.degrees = degrees
        self.blocks = blocks
        self.activation = activation
    }

    /// sbi's default form, the degrees 1 to D in turn.
    public init(
        thetaDim: Int,
        components: Int = 10,
        hiddenFeatures: Int = 50,
        blocks: Int = 5
    ) {
        self.init(
            components: components,
            deviationFloor: 1e-2,
            degrees: (0..<max(hiddenFeatures, 0)).map { $0 % max(thetaDim, 1) + 1 },
            blocks: blocks
        )
    }
}

extension MixtureMADEArchitecture {
    /// Refuses what is not such a network over `thetaDim` dimensions.
    func validate(thetaDim: Int) throws(EstimatorError) {
        guard (1...ArchitectureLimits.width).contains(components) else {
            throw .invalidArchitecture("components is \(components), expected 1 to 4096")
        }
        // A draw sums the weights before each component, in every dimension.
        guard components * components * thetaDim <= ArchitectureLimits.mixtureTerms else {
            throw .invalidArchitecture(
                "\(components) components in \(thetaDim) dimensions are too large a mixture"
            )
        }
        guard deviationFloor >= 0, deviationFloor <= 1 else {
            throw .invalidArchitecture("deviation_floor is \(deviationFloor), expected 0 to 1")
        }
        guard (1...ArchitectureLimits.width).contains(degrees.count) else {
            throw .invalidArchitecture("degrees has \(degrees.count) entries, expected 1 to 4096")
        }
        if let degree = degrees.first(where: { !(1...thetaDim).contains($0) }) {
            throw .invalidArchitecture("degrees holds \(degree), expected 1 to \(thetaDim)")
        }
        guard (0...ArchitectureLimits.depth).contains(blocks) else {
            throw .invalidArchitecture("blocks is \(blocks), expected 0 to 64")
        }
    }
}
