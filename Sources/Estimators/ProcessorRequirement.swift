/// What the kernels need from the processor, asked before the first of them runs.
public enum ProcessorRequirement {
    /// The first instruction-set extension this processor lacks, or nil when it can run.
    public static func missingFeature() -> String? { nil }
}
