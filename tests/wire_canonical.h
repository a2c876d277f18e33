/* tests/wire_canonical.h -- decodes a message and encodes it again as the original does.
 *
 * Driven by the same table as the decoder, but written plainly: recursive, on whole messages that
 * the decoder has accepted. So a table that is wrong shows as bytes that differ from the vectors.
 */
#ifndef TESTS_WIRE_CANONICAL_H
#define TESTS_WIRE_CANONICAL_H

#include "messages/wire_message.h"
#include "tests/wire_vectors.h"

/* Appends the canonical form of one whole, sound message. Returns the bytes read of it. `*unordered`
 * is set if it holds a set or map of two or more elements, whose order means nothing. */
size_t wire_canonical(enum wire_from from, const uint8_t *bytes, size_t length, struct bytes *out,
                      bool *unordered);

#endif
