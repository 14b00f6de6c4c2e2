/// The structure of a density estimator: everything but its weights.
public enum EstimatorArchitecture: Sendable, Equatable {
    /// A normalizing flow, `"flow"`.
    case flow(FlowArchitecture)
    /// A mixture density network, `"mdn"`.
    case mixtureDensityNetwork(MixtureDensityNetworkArchitecture)
    /// A masked autoregressive network with a mixture for each parameter, `"made"`.
    case mixtureMADE(MixtureMADEArchitecture)
    /// The equal-weight mixture of complete densities, `"ensemble"`.
    case ensemble([EnsembleMember])
}
