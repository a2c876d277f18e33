/* tests/check.h -- assertions that print what they got and what they wanted.
 *
 * CUnit's own macros name only the expression; these add both values, so that a failure in a log
 * is enough to understand it. All of them go on after a failure, as CU_ASSERT does.
 */
#ifndef TESTS_CHECK_H
#define TESTS_CHECK_H

#include <CUnit/CUnit.h>
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define CHECK(condition) CU_ASSERT(condition)

/* Ends the test: what follows would read what is not there. */
#define REQUIRE(condition) CU_ASSERT_FATAL(condition)

#define CHECK_UINT(got, want)                                                                      \
    check_uint((uint64_t)(got), (uint64_t)(want), #got " == " #want, __FILE__, __LINE__)
#define CHECK_STR(got, want) check_str((got), (want), #got " == " #want, __FILE__, __LINE__)
#define CHECK_BYTES(got, got_length, want, want_length)                                            \
    check_bytes((got), (got_length), (want), (want_length), #got " == " #want, __FILE__, __LINE__)

void check_uint(uint64_t got, uint64_t want, const char *what, const char *file, int line);
void check_str(const char *got, const char *want, const char *what, const char *file, int line);
void check_bytes(const void *got, size_t got_length, const void *want, size_t want_length,
                 const char *what, const char *file, int line);

/* The seed of this run, printed on failure; --seed=N repeats it. */
extern uint64_t test_seed;

#endif
