// The loops over lanes that take most of the time, once for each width of vectors.
//
// Both widths come of one text, and each lane goes through the same operations in the same order
// in both: they give the same bits. In C, since only there a single function can be compiled for
// instructions that the rest of the program must not use.
#ifndef CLANELOOPS_H
#define CLANELOOPS_H

#define LANE_EXPAND(name, lanes) name##_##lanes
#define LANE_JOIN(name, lanes) LANE_EXPAND(name, lanes)
#define LANE_NAME(name) LANE_JOIN(name, LANES)
#define LANE_INLINE static inline __attribute__((always_inline, unused))

// Vectors of eight are for Swift, too.
#ifdef __x86_64__
#pragma clang attribute push(__attribute__((target("avx2,fma,bmi,bmi2"))), apply_to = function)
#endif
#define LANES 8
#include "LaneElementary.h"
#undef LANES
#ifdef __x86_64__
#pragma clang attribute pop
#endif

/// Which instructions loops may use.
enum lane_width {
    /// Vectors of eight: AVX2 and FMA on x86-64.
    lane_width_eight,
    /// Vectors of sixteen: AVX-512.
    lane_width_sixteen,
} __attribute__((enum_extensibility(closed)));

/// Whether the processor and the system can run loops of this width.
_Bool lane_width_is_available(enum lane_width width);

/// One tile of a matrix product, `rows` by `columns` sums over `inner_count`; strides in floats.
struct lane_tile {
    /// Element (i, k) stands at i · row_stride + k · inner_stride.
    const float *_Nonnull weights;
    long row_stride;
    long inner_stride;
    /// Row k of the source starts at k · source_stride.
    const float *_Nonnull source;
    long source_stride;
    long inner_count;
    float *_Nonnull target;
    long target_stride;
    /// Where sums start: at rows like the target's, or else at one number a row, or else at zero.
    const float *_Nullable start_rows;
    const float *_Nullable start_scalars;
    /// From one to six.
    long rows;
    /// A multiple of eight.
    long columns;
};

/// Computes a tile.
void lane_multiply_tile(const struct lane_tile *_Nonnull tile, enum lane_width width);

/// A function of each number.
enum lane_unary {
    lane_unary_exp,
    lane_unary_log,
    lane_unary_tanh,
    lane_unary_sigmoid,
    lane_unary_softplus,
    lane_unary_square_root,
    lane_unary_step,
} __attribute__((enum_extensibility(closed)));

/// Applies a function to numbers; `count` is a multiple of eight.
void lane_apply_unary(enum lane_unary function, float *_Nonnull target,
    const float *_Nonnull source, long count, enum lane_width width);

/// A function of two numbers.
enum lane_binary {
    lane_binary_add,
    lane_binary_subtract,
    lane_binary_multiply,
    lane_binary_divide,
    lane_binary_tanh_cotangent,
} __attribute__((enum_extensibility(closed)));

/// Applies a function to pairs of numbers; `count` is a multiple of eight.
void lane_apply_binary(enum lane_binary function, float *_Nonnull target,
    const float *_Nonnull left, const float *_Nonnull right, long count, enum lane_width width);

/// Runs rounds of multiply-adds that stay in registers, enough of them to hide their latency.
float lane_multiply_adds(long rounds, enum lane_width width);

/// Multiply-adds of one round.
double lane_multiply_adds_a_round(enum lane_width width);

#endif
