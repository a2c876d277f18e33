/* messages/filter_program.h -- a filter as it is kept: tests and what joins them; see filter.h
 *
 * The ops are in postfix order over a stack of verdicts. In front of the right side of && stands
 * SKIP_NO: if the left side says no, the ops up to the && and with it are left out; || likewise.
 */
#ifndef MESSAGES_FILTER_PROGRAM_H
#define MESSAGES_FILTER_PROGRAM_H

#include "messages/filter.h"

enum filter_compare {
    FILTER_IS,
    FILTER_IS_NOT,
    FILTER_BELOW,
    FILTER_AT_MOST,
    FILTER_ABOVE,
    FILTER_AT_LEAST,
    FILTER_LIKE,
    FILTER_NOT_LIKE,
    FILTER_HAS,
};

struct filter_test {
    uint8_t field;
    uint8_t type;    /* enum filter_type */
    uint8_t compare; /* enum filter_compare */
    bool pattern;    /* `text` has * or ? */
    uint64_t number;
    const char *text; /* in filter_program.texts */
    size_t length;
};

enum filter_op_kind {
    FILTER_OP_TEST, /* n: which test */
    FILTER_OP_NOT,
    FILTER_OP_AND,
    FILTER_OP_OR,
    FILTER_OP_SKIP_NO, /* n: the op to go on with */
    FILTER_OP_SKIP_YES,
};

struct filter_op {
    uint8_t what; /* enum filter_op_kind */
    uint16_t n;
};

/* A test brings itself, an && or || with its skip, and all the ! that nesting allows. */
enum { FILTER_OPS_MAX = FILTER_TESTS_MAX * (FILTER_NESTING_MAX + 3) };

struct filter_program {
    struct filter_test tests[FILTER_TESTS_MAX];
    unsigned test_count;
    struct filter_op *ops;
    unsigned op_count, op_room;
    char *texts; /* of all tests, one behind the other */
    size_t texts_length;
};

#endif
