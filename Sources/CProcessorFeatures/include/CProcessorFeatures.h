// Asks the processor for the instruction sets of the x86-64-v3 level (System V ABI for AMD64,
// section 3.1.1). Compiled for the baseline, so that the question itself always runs.
#ifndef CPROCESSORFEATURES_H
#define CPROCESSORFEATURES_H

/// An extension of x86-64-v3.
enum __attribute__((enum_extensibility(closed))) processor_feature {
    processor_feature_none,
    processor_feature_avx,
    processor_feature_avx2,
    processor_feature_fma,
    processor_feature_bmi1,
    processor_feature_bmi2,
    processor_feature_f16c,
    processor_feature_lzcnt,
    processor_feature_movbe,
};

/// The first extension that the processor or the system lacks, or none.
static inline enum processor_feature missing_processor_feature(void) {
#ifdef __x86_64__
    __builtin_cpu_init();
    if (!__builtin_cpu_supports("avx")) return processor_feature_avx;
    if (!__builtin_cpu_supports("avx2")) return processor_feature_avx2;
    if (!__builtin_cpu_supports("fma")) return processor_feature_fma;
    if (!__builtin_cpu_supports("bmi")) return processor_feature_bmi1;
    if (!__builtin_cpu_supports("bmi2")) return processor_feature_bmi2;
    if (!__builtin_cpu_supports("f16c")) return processor_feature_f16c;
    if (!__builtin_cpu_supports("lzcnt")) return processor_feature_lzcnt;
    if (!__builtin_cpu_supports("movbe")) return processor_feature_movbe;
#endif
    return processor_feature_none;
}

#endif
