#include "CLaneLoops.h"

#include <string.h>

// Sums are rounded as they are written, in both widths.
#pragma STDC FP_CONTRACT OFF

#ifdef __x86_64__
#pragma clang attribute push(__attribute__((target("avx2,fma,bmi,bmi2"))), apply_to = function)
#endif
#define LANES 8
#include "LaneLoops.h"
#undef LANES
#ifdef __x86_64__
#pragma clang attribute pop

#pragma clang attribute push(                                                        \
    __attribute__((target("avx2,fma,bmi,bmi2,avx512f,avx512vl,avx512dq,avx512bw"))), \
    apply_to = function)
#define LANES 16
#include "LaneElementary.h"
#include "LaneLoops.h"
#undef LANES
#pragma clang attribute pop
#endif

_Bool lane_width_is_available(enum lane_width width) {
    if (width == lane_width_eight) return 1;
#ifdef __x86_64__
    __builtin_cpu_init();
    return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl")
        && __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512bw");
#else
    return 0;
#endif
}

#ifdef __x86_64__
#define DISPATCH(width, function, ...)                                              \
    if ((width) == lane_width_sixteen) function##_16(__VA_ARGS__);                  \
    else function##_8(__VA_ARGS__)
#else
#define DISPATCH(width, function, ...)                                              \
    (void)(width);                                                                  \
    function##_8(__VA_ARGS__)
#endif

void lane_multiply_tile(const struct lane_tile *tile, enum lane_width width) {
    DISPATCH(width, multiply_tile, tile);
}

void lane_apply_unary(enum lane_unary function, float *target, const float *source, long count,
    enum lane_width width) {
    DISPATCH(width, apply_unary, function, target, source, count);
}

void lane_apply_binary(enum lane_binary function, float *target, const float *left,
    const float *right, long count, enum lane_width width) {
    DISPATCH(width, apply_binary, function, target, left, right, count);
}

float lane_multiply_adds(long rounds, enum lane_width width) {
    DISPATCH(width, return multiply_adds, rounds);
}

double lane_multiply_adds_a_round(enum lane_width width) {
    DISPATCH(width, return multiply_adds_a_round);
}
