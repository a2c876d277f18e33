/* tests/record_fields.h -- fills in a record's fields by their names; one that its kind has not fails the test. */
#ifndef TESTS_RECORD_FIELDS_H
#define TESTS_RECORD_FIELDS_H

#include "messages/trace_record.h"

void record_set(struct trace_record *r, const char *field, uint64_t value);
/* The bytes stay the caller's. Of `length` so many are kept. */
void record_put(struct trace_record *r, const char *field, const void *bytes, size_t length,
                size_t kept);

#endif
