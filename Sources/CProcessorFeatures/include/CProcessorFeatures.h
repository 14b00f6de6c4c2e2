// Asks the processor for the instruction sets of the x86-64-v3 level (System V ABI for AMD64,
// section 3.1.1). Compiled for the baseline, so that the question itself always runs.
#ifndef CPROCESSORFEATURES_H
#define CPROCESSORFEATURES_H

/// The first extension of x86-64-v3 that the processor or the system lacks, or NULL.
static inline const char *_Nullable missing_processor_feature(void) {
#ifdef __x86_64__
    __builtin_cpu_init();
    if (!__builtin_cpu_supports("avx")) return "AVX";
    if (!__builtin_cpu_supports("avx2")) return "AVX2";
    if (!__builtin_cpu_supports("fma")) return "FMA";
    if (!__builtin_cpu_supports("bmi")) return "BMI1";
    if (!__builtin_cpu_supports("bmi2")) return "BMI2";
    if (!__builtin_cpu_supports("f16c")) return "F16C";
    if (!__builtin_cpu_supports("lzcnt")) return "LZCNT";
    if (!__builtin_cpu_supports("movbe")) return "MOVBE";
#endif
    return 0;
}

#endif
