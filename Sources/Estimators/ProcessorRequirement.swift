import CProcessorFeatures

/// What the kernels need from the processor, asked before the first of them runs.
///
/// On x86-64 the kernels are compiled for the x86-64-v3 level; elsewhere for the architecture's
/// baseline.
public enum ProcessorRequirement {
    /// The first instruction-set extension this processor lacks, or nil when it can run.
    public static func missingFeature() -> String? {
        switch missing_processor_feature() {
        case .none: nil
        case .avx: "AVX"
        case .avx2: "AVX2"
        case .fma: "FMA"
        case .bmi1: "BMI1"
        case .bmi2: "BMI2"
        case .f16c: "F16C"
        case .lzcnt: "LZCNT"
        case .movbe: "MOVBE"
        }
    }
}
