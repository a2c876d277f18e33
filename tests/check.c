/* tests/check.c -- see check.h */
#include "tests/check.h"

static void check_result(int holds, const char *what, const char *file, int line)
{
    CU_assertImplementation(holds ? CU_TRUE : CU_FALSE, (unsigned)line, what, file, "", CU_FALSE);
}

void check_uint(uint64_t got, uint64_t want, const char *what, const char *file, int line)
{
    if (got != want)
        printf("\n    %s:%d: got %" PRIu64 ", want %" PRIu64 "\n", file, line, got, want);
    check_result(got == want, what, file, line);
}

void check_str(const char *got, const char *want, const char *what, const char *file, int line)
{
    int same = got && want ? strcmp(got, want) == 0 : got == want;
    if (!same)
        printf("\n    %s:%d: got  \"%s\"\n    want \"%s\"\n", file, line, got ? got : "(null)",
               want ? want : "(null)");
    check_result(same, what, file, line);
}

static void print_bytes(const char *label, const uint8_t *bytes, size_t length)
{
    printf("    %s %zu:", label, length);
    for (size_t i = 0; i < length && i < 96; i++)
        printf(" %02x", bytes[i]);
    printf("%s\n", length > 96 ? " ..." : "");
}

void check_bytes(const void *got, size_t got_length, const void *want, size_t want_length,
                 const char *what, const char *file, int line)
{
    int same = got_length == want_length && (got_length == 0 || !memcmp(got, want, got_length));
    if (!same) {
        printf("\n    %s:%d: %s\n", file, line, what);
        print_bytes("got ", got, got_length);
        print_bytes("want", want, want_length);
    }
    check_result(same, what, file, line);
}
