/* tests/record_fields.c -- see record_fields.h */
#include "tests/record_fields.h"
#include "tests/check.h"

static unsigned place_of(const struct trace_record *r, const char *field)
{
    int i = trace_field(r->kind, field);
    REQUIRE(i >= 0);
    return (unsigned)i;
}

void record_set(struct trace_record *r, const char *field, uint64_t value)
{
    r->values[place_of(r, field)] = value;
}

void record_put(struct trace_record *r, const char *field, const void *bytes, size_t length,
                size_t kept)
{
    r->spans[r->kind->fields[place_of(r, field)].span] =
        (struct trace_bytes){bytes, (uint32_t)length, (uint32_t)kept, 0};
}
