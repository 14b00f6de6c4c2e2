// The frozen weights of the task digits_vae, part of the program rather than a file beside it.
//
// Trained by Tests/Reference/digits_decoder.py on images of the "Optical Recognition of Handwritten
// Digits" data set (E. Alpaydin, C. Kaynak, 1998, UCI Machine Learning Repository, CC BY 4.0).
#ifndef CDIGITSDECODER_H
#define CDIGITSDECODER_H

/// Number of bytes of the weights.
long digits_decoder_count(void);

/// One byte of the weights; the index is below the count.
unsigned char digits_decoder_byte(long index);

#endif
