/// The tasks that ship with the trainer.
public enum BenchmarkTasks {
    /// Every task, in the order they are listed.
    public static let all: [BenchmarkTask] = [
        .linearGaussian, .gaussianLinear, .gaussianLinearUniform, .slcp, .slcpDistractors,
        .bernoulliGLM, .bernoulliGLMRaw, .gaussianMixture, .twoMoons, .sir, .lotkaVolterra,
    ]

    /// The task of a name, or nil.
    public static func named(_ name: String) -> BenchmarkTask? {
        all.first { $0.name == name }
    }
}
