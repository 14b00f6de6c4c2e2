import CProcessorFeatures

/// What the kernels need from the processor, asked before the first of them runs.
///
/// On x86-64 the kernels are compiled for the x86-64-v3 level; elsewhere for the architecture's
/// baseline.
public enum ProcessorRequirement {
    /// The first instruction-set extension this processor lacks, or nil when it can run.
    public static func missingFeature() -> String? {
        unsafe missing_processor_feature().map { unsafe String(cString: $0) }
    }
}
