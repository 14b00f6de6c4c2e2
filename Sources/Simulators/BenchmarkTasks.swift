/// The tasks that ship with the trainer.
public enum BenchmarkTasks {
    /// Every task, in the order they are listed.
    public static let all: [BenchmarkTask] = [
        .linearGaussian, .lotkaVolterraSeries, .sirSeries, .spatialSIR, .hodgkinHuxley, .digitsVAE,
        .gaussianLinear, .gaussianLinearUniform, .slcp, .slcpDistractors, .bernoulliGLM,
        .bernoulliGLMRaw, .gaussianMixture, .twoMoons, .sir, .lotkaVolterra,
    ]

    /// The task of a name, or nil.
    public static func named(_ name: String) -> BenchmarkTask? {
        all.first { $0.name == name }
    }
}

extension BenchmarkTask {
    /// The widths of the embedding network for long x.
    ///
    /// *Reference*: Glöckler, Deistler, Macke (2023), arXiv:2305.14984.
    static let publishedEmbedding = [400, 200, 100, 50]
}
