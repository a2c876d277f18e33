/* messages/filter.h -- the filter language: which messages are wanted.
 *
 * Purpose  one small language wherever messages are shown, over a table of fields that the caller
 *          has. A text is read once; then each message costs a walk over a short program.
 * Owner    who called filter_new; the text and the table: the text need not live on, the table must.
 * Thread   a program is constant: any thread.
 * Errors   filter_new says where, what was expected and what was found.
 *
 *     kind ~ "HttpResponse*" && conn == 7 && t < 2s && path ~ "/api"
 *
 *     a || b    a && b    !a    (a)     binding in the order !, &&, ||
 *     has(conn)                         the message has this field
 *     ==  !=  <  <=  >  >=              numbers and times
 *     ==  !=  ~  !~                     texts
 *
 *     number    7   0x1f   64K   2M   1G  (also k, KiB ...: steps of 1024)
 *     time      2s   15ms   3us   100ns   1m   1h   1.5s
 *     exchange  7, or of the stand-in agent a7
 *     text      "in quotes" or 'in quotes', with \" \\ \n \r \t and \x41 in both; or a bare word, without
 *               blanks and none of "'()!=<>~&|
 *
 * `~` compares the whole value with a pattern, in which * stands for any characters, also none, and
 * ? for one; a pattern without * and ? is looked for anywhere in the value. Upper and lower case
 * differ. A literal * cannot be written; ? matches it.
 *
 * A *kind* is a name like TcpSteal(HttpRequestChunked(StartV2)). It compares by its whole name, by
 * what stands within its parentheses, HttpRequestChunked(StartV2) and StartV2, and by each single
 * name: kind == HttpRequestChunked holds for it, and kind ~ "HttpRequest*" too.
 *
 * A message that does not have a field compares false with everything: conn == 7 and conn != 7 both
 * do not hold. !(conn == 7) holds.
 */
#ifndef MESSAGES_FILTER_H
#define MESSAGES_FILTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    FILTER_ERROR_MAX = 500,
    FILTER_TESTS_MAX = 128,  /* comparisons of one filter */
    FILTER_NESTING_MAX = 64, /* ( and ! within each other */
    FILTER_FIELDS_MAX = 64,
};

enum filter_type {
    FILTER_NUMBER,
    FILTER_TIME,     /* a number of nanoseconds */
    FILTER_EXCHANGE, /* a number; a7 is one too: exchange_number.h */
    FILTER_TEXT,
    FILTER_KIND, /* a text made of names: A(B(C)) */
};

struct filter_field {
    const char *name; /* lower case letters; NULL ends the table */
    enum filter_type type;
    const char *help; /* for people: what it is, which messages have it */
    const char *const
        *values; /* all that it can be, for a text, and all names of a kind; NULL: any */
    unsigned value_count;
};

struct filter_value {
    bool later; /* the message is not whole: it may have it, that is not known yet */
    uint64_t number;
    const char *text; /* not NUL-terminated */
    size_t length;
};

/* The value of the table's row `field`, in `*out` (zeroed before). False: the message has none. */
typedef bool filter_get(void *context, unsigned field, struct filter_value *out);

enum filter_verdict { FILTER_NO, FILTER_LATER, FILTER_YES };

struct filter_program;

/* NULL, and `error` filled: "column 6: there is no field "knd", did you mean kind? ...". */
struct filter_program *filter_new(const char *text, const struct filter_field *fields,
                                  char error[FILTER_ERROR_MAX]);
/* NULL is fine. */
void filter_free(struct filter_program *f);

/* NULL wants everything. FILTER_LATER only if some value was said to come later. */
enum filter_verdict filter_judge(const struct filter_program *f, filter_get *get, void *context);

/* The word of `words` that is meant by what somebody wrote; NULL: none is near. */
const char *filter_nearest(const char *written, size_t length, const char *const *words,
                           unsigned count);

#endif
