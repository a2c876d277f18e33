/* tests/wire_feed.h -- hands bytes to a decoder whole, one by one, or cut at random. */
#ifndef TESTS_WIRE_FEED_H
#define TESTS_WIRE_FEED_H

#include "messages/wire_decoder.h"

enum wire_cut { CUT_WHOLE, CUT_SINGLE, CUT_RANDOM };

/* Random numbers of the tests: the same for the same seed of the run and the same salt. */
void random_begin(uint64_t salt);
uint64_t random_below(uint64_t n);

/* Until a verdict other than WIRE_MORE, or the end; `*consumed`: bytes eaten in all. */
enum wire_verdict wire_feed(struct wire_decoder *d, const uint8_t *bytes, size_t length,
                            enum wire_cut cut, size_t *consumed);

/* The same with a new decoder, without a limit on messages; destroy it afterwards. */
enum wire_verdict wire_feed_new(struct wire_decoder *d, enum wire_from from, struct version limit,
                                const uint8_t *bytes, size_t length, enum wire_cut cut,
                                size_t *consumed);

#endif
