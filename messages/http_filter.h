/* messages/http_filter.h -- an HttpFilter of the protocol, compiled, and held against request heads.
 *
 * Purpose  the stand-in agent's choice of what is stolen.
 * Owner    whoever made it. Matching uses scratch memory of the filter: one thread at a time.
 * Errors   an expression that does not compile, or a kind that cannot be judged here, gives NULL and
 *          a sentence. What goes wrong while matching (the limits on work and memory) is "no match"
 *          (AG-28).
 * Source   AG-28 to AG-30; wire-format.md 4.5.
 *
 *   header   (?i) expression, searched in each line "lower-case-name: value"; any line will do. Values
 *            that are not visible ASCII are passed over
 *   path     (?i) expression, searched in the path, then in path?query
 *   method   one of nine names, in either case; Other(text) matches nothing, as with the original
 *   all/any  of others, nested; `all` of none matches, `any` of none does not
 *
 * Filters on bodies (JSONPath) and jq programs are refused: they need languages that this program
 * does not carry.
 */
#ifndef MESSAGES_HTTP_FILTER_H
#define MESSAGES_HTTP_FILTER_H

#include "messages/http_head.h"

struct http_filter;

enum {
    HTTP_FILTER_ERROR_MAX = 200, /* room for a reason, NUL included */
    HTTP_FILTER_DEPTH_MAX = 128, /* composites within composites */
    HTTP_FILTER_NODES_MAX = 4096,
};

/* From the bytes of an HttpFilter, which must be exactly one. */
struct http_filter *http_filter_new(const uint8_t *bytes, size_t length,
                                    char error[HTTP_FILTER_ERROR_MAX]);
/* From the text of the legacy form FilteredHttp: the same as Header(text) (SUB-3). */
struct http_filter *http_filter_new_header(const uint8_t *text, size_t length,
                                           char error[HTTP_FILTER_ERROR_MAX]);
/* NULL: nothing. */
void http_filter_free(struct http_filter *f);

bool http_filter_matches(struct http_filter *f, const struct http_head *request);

#endif
