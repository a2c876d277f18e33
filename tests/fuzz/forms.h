/* tests/fuzz/forms.h -- what must hold of every message, whatever form it came from. */
#ifndef TESTS_FUZZ_FORMS_H
#define TESTS_FUZZ_FORMS_H

#include "tests/wire_forms.h"

/* Bytes that the decoder took as one whole message. Its canonical bytes are a message that is its
 * own canonical form, and come back from text and JSON; the dump does not fail. Traps otherwise. */
void fuzz_message(enum wire_from from, const uint8_t *bytes, size_t length);

#endif
