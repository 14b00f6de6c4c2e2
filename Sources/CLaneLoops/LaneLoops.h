// Loops in vectors of LANES; included once for each width, hence without a guard.

#define FLOATS LANE_NAME(lane_floats)

LANE_INLINE FLOATS LANE_NAME(load)(const float *source) {
    FLOATS value;
    memcpy(&value, source, sizeof value);
    return value;
}

LANE_INLINE void LANE_NAME(store)(float *target, FLOATS value) {
    memcpy(target, &value, sizeof value);
}

// Sums of `rows` rows by `columns` vectors from a column on, held in registers: both counts are
// constants where this is called, so that the loops unroll. Inputs are loaded before the rows are
// walked, or they would be loaded again for every row.
LANE_INLINE void LANE_NAME(block)(
    const struct lane_tile *tile, long at, const int rows, const int columns) {
    FLOATS sums[6][4];
    for (int row = 0; row < rows; row++) {
        for (int column = 0; column < columns; column++) {
            const long place = row * tile->target_stride + at + column * LANES;
            if (tile->start_rows) {
                sums[row][column] = LANE_NAME(load)(tile->start_rows + place);
            } else {
                sums[row][column] = tile->start_scalars ? tile->start_scalars[row] : 0.0f;
            }
        }
    }
    const float *weights = tile->weights, *source = tile->source + at;
    const long row_stride = tile->row_stride;
    for (long left = tile->inner_count; left > 0; left--) {
        FLOATS inputs[4];
        for (int column = 0; column < columns; column++) {
            inputs[column] = LANE_NAME(load)(source + column * LANES);
        }
        for (int row = 0; row < rows; row++) {
            const FLOATS weight = weights[row * row_stride];
            for (int column = 0; column < columns; column++) {
                sums[row][column] =
                    __builtin_elementwise_fma(weight, inputs[column], sums[row][column]);
            }
        }
        weights += tile->inner_stride;
        source += tile->source_stride;
    }
    for (int row = 0; row < rows; row++) {
        for (int column = 0; column < columns; column++) {
            const long place = row * tile->target_stride + at + column * LANES;
            LANE_NAME(store)(tile->target + place, sums[row][column]);
        }
    }
}

// Covers the columns of a tile, `columns` vectors at a time and then one by one.
LANE_INLINE void LANE_NAME(sweep)(
    const struct lane_tile *tile, const int rows, const int columns) {
    long at = 0;
    for (; at + columns * LANES <= tile->columns; at += columns * LANES) {
        LANE_NAME(block)(tile, at, rows, columns);
    }
    for (; at + LANES <= tile->columns; at += LANES) LANE_NAME(block)(tile, at, rows, 1);
#if LANES > 8
    if (at < tile->columns) block_8(tile, at, rows, 1);
#endif
}

// Two vectors of six rows are twelve sums, enough to hide how long an addition takes; few rows
// take more columns for it.
static void LANE_NAME(multiply_tile)(const struct lane_tile *tile) {
    switch (tile->rows) {
    case 6: LANE_NAME(sweep)(tile, 6, 2); break;
    case 5: LANE_NAME(sweep)(tile, 5, 2); break;
    case 4: LANE_NAME(sweep)(tile, 4, 2); break;
    case 3: LANE_NAME(sweep)(tile, 3, 2); break;
    case 2: LANE_NAME(sweep)(tile, 2, 4); break;
    default: LANE_NAME(sweep)(tile, 1, 4); break;
    }
}

LANE_INLINE FLOATS LANE_NAME(lane_square_root)(FLOATS x) { return __builtin_elementwise_sqrt(x); }

LANE_INLINE FLOATS LANE_NAME(lane_step)(FLOATS x) {
    return x > 0.0f ? (FLOATS)1.0f : (FLOATS)0.0f;
}

LANE_INLINE FLOATS LANE_NAME(lane_add)(FLOATS a, FLOATS b) { return a + b; }
LANE_INLINE FLOATS LANE_NAME(lane_subtract)(FLOATS a, FLOATS b) { return a - b; }
LANE_INLINE FLOATS LANE_NAME(lane_multiply)(FLOATS a, FLOATS b) { return a * b; }
LANE_INLINE FLOATS LANE_NAME(lane_divide)(FLOATS a, FLOATS b) { return a / b; }
LANE_INLINE FLOATS LANE_NAME(lane_tanh_cotangent)(FLOATS a, FLOATS b) {
    return a * __builtin_elementwise_fma(-b, b, (FLOATS)1.0f);
}

// What is left after the last sixteen is eight.
#if LANES > 8
#define REST(statement) if (i < count) statement;
#else
#define REST(statement)
#endif

#define UNARY(name)                                                                     \
    case lane_unary_##name:                                                             \
        for (; i + LANES <= count; i += LANES) {                                        \
            const FLOATS x = LANE_NAME(load)(source + i);                               \
            LANE_NAME(store)(target + i, LANE_NAME(lane_##name)(x));                    \
        }                                                                               \
        REST(store_8(target + i, lane_##name##_8(load_8(source + i))))                  \
        break;

static void LANE_NAME(apply_unary)(
    enum lane_unary function, float *target, const float *source, long count) {
    long i = 0;
    switch (function) {
        UNARY(exp)
        UNARY(log)
        UNARY(tanh)
        UNARY(sigmoid)
        UNARY(softplus)
        UNARY(square_root)
        UNARY(step)
    }
}

#define BINARY(name)                                                                    \
    case lane_binary_##name:                                                            \
        for (; i + LANES <= count; i += LANES) {                                        \
            const FLOATS a = LANE_NAME(load)(left + i);                                 \
            const FLOATS b = LANE_NAME(load)(right + i);                                \
            LANE_NAME(store)(target + i, LANE_NAME(lane_##name)(a, b));                 \
        }                                                                               \
        REST(store_8(target + i, lane_##name##_8(load_8(left + i), load_8(right + i)))) \
        break;

static void LANE_NAME(apply_binary)(
    enum lane_binary function, float *target, const float *left, const float *right, long count) {
    long i = 0;
    switch (function) {
        BINARY(add)
        BINARY(subtract)
        BINARY(multiply)
        BINARY(divide)
        BINARY(tanh_cotangent)
    }
}

#define CHAINS 12

static float LANE_NAME(multiply_adds)(long rounds) {
    FLOATS sums[CHAINS], total = 0.0f;
    for (int chain = 0; chain < CHAINS; chain++) sums[chain] = (float)chain;
    for (long round = 0; round < rounds; round++) {
        for (int chain = 0; chain < CHAINS; chain++) {
            sums[chain] =
                __builtin_elementwise_fma(sums[chain], (FLOATS)0.999f, (FLOATS)1e-3f);
        }
    }
    for (int chain = 0; chain < CHAINS; chain++) total += sums[chain];
    float sum = 0;
    for (int lane = 0; lane < LANES; lane++) sum += total[lane];
    return sum;
}

static double LANE_NAME(multiply_adds_a_round)(void) { return CHAINS * LANES; }

#undef CHAINS
#undef FLOATS
#undef REST
#undef UNARY
#undef BINARY
