#include "CDigitsDecoder.h"

#ifdef __clang__
#pragma clang diagnostic ignored "-Wc23-extensions"
#endif

static const unsigned char bytes[] = {
#embed "decoder.bin"
};

// Weights of one byte; a step and a bias of four bytes for each unit.
_Static_assert(
    sizeof bytes == 3 * 500 + 2 * 500 * 500 + 500 * 784 + 8 * (3 * 500 + 784),
    "decoder.bin is damaged: Tests/Reference/digits_decoder.py writes it"
);

long digits_decoder_count(void) { return sizeof bytes; }

unsigned char digits_decoder_byte(long index) { return bytes[index]; }
