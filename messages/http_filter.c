/* messages/http_filter.c -- see http_filter.h
 *
 * A filter is an array of nodes in the order in which they stand on the wire. A composite is followed
 * by its members; `end` is the index behind the last of them, so that what need not be judged any more
 * is stepped over.
 *
 * The expressions are written for another engine (fancy-regex). `$` is set to mean the very end as
 * there; look-around and back-references exist in both. What is left differs: here \d, \w and \b know
 * ASCII only, which no subject shows (targets and the values that are looked at are ASCII), and
 * [a&&b], [a--b] and [a[b]] are no intersection, difference and union. The limit on work is the size
 * of that engine's backtrack limit, but each counts its own steps; beyond it, or beyond the memory for
 * going back, there is no match (AG-28).
 */
#include "messages/http_filter.h"
#include "runtime/heap.h"
#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    MATCH_LIMIT = 1000000,
    HEAP_LIMIT_KIB = 8192,      /* of the interpreter; compiled code has as large a stack: */
    JIT_STACK_FIRST = 32 << 10, /* its own is of this size and never grows */
    JIT_STACK_MAX = HEAP_LIMIT_KIB << 10,
    PATTERN_BYTES_MAX = 65536,
    LINE_BYTES_KEPT = 4096,
};

/* The numbers are those of HttpFilter's variants. */
enum node_kind {
    NODE_HEADER = 0,
    NODE_PATH = 1,
    NODE_COMPOSITE = 2,
    NODE_METHOD = 3,
    NODE_BODY = 4,
    NODE_HEADER_JQ = 5
};

static const char *const method_names[] = {"get",     "head",    "post",  "put",  "delete",
                                           "connect", "options", "trace", "patch"};
enum { METHOD_OTHER = sizeof method_names / sizeof *method_names };

struct node {
    uint32_t end;   /* index behind this node and its members */
    uint8_t kind;   /* enum node_kind */
    uint8_t method; /* index of method_names; METHOD_OTHER: matches nothing */
    bool all;       /* composite: every member must match */
    pcre2_code *code;
};

struct http_filter {
    struct node *nodes;
    uint32_t count, room;
    pcre2_match_data *match_data;
    pcre2_match_context *match_context;
    pcre2_jit_stack *jit_stack; /* NULL: there is no compiled code on this machine */
    uint8_t *line;              /* a header line as text */
    size_t line_room;
};

struct reader {
    const uint8_t *at, *end;
    char *error;
};

/* ---- memory ---- */

static void *must(void *memory, size_t bytes)
{
    if (!memory)
        heap_exhausted("a filter", bytes);
    return memory;
}

static struct http_filter *filter_new(void)
{
    struct http_filter *f = must(calloc(1, sizeof *f), sizeof *f);
    f->match_data = must(pcre2_match_data_create(1, NULL), 0);
    f->match_context = must(pcre2_match_context_create(NULL), 0);
    pcre2_set_match_limit(f->match_context, MATCH_LIMIT);
    pcre2_set_heap_limit(f->match_context, HEAP_LIMIT_KIB);
    f->jit_stack = pcre2_jit_stack_create(JIT_STACK_FIRST, JIT_STACK_MAX, NULL);
    pcre2_jit_stack_assign(f->match_context, NULL, f->jit_stack);
    return f;
}

void http_filter_free(struct http_filter *f)
{
    if (!f)
        return;
    for (uint32_t i = 0; i < f->count; i++)
        pcre2_code_free(f->nodes[i].code);
    pcre2_match_data_free(f->match_data);
    pcre2_match_context_free(f->match_context);
    pcre2_jit_stack_free(f->jit_stack);
    free(f->nodes);
    free(f->line);
    free(f);
}

static bool refuse(struct reader *r, const char *reason)
{
    snprintf(r->error, HTTP_FILTER_ERROR_MAX, "%s", reason);
    return false;
}

/* The index of a new node, or UINT32_MAX: too many. */
static uint32_t node_add(struct http_filter *f, uint8_t kind)
{
    if (f->count == HTTP_FILTER_NODES_MAX)
        return UINT32_MAX;
    if (f->count == f->room) {
        f->room = f->room ? f->room * 2 : 4;
        size_t bytes = f->room * sizeof *f->nodes;
        f->nodes = must(realloc(f->nodes, bytes), bytes);
    }
    f->nodes[f->count] = (struct node){.kind = kind};
    return f->count++;
}

/* ---- from the wire ---- */

static bool compile(struct http_filter *f, uint32_t at, struct http_text text, struct reader *r)
{
    int number;
    size_t offset;
    if (text.length > PATTERN_BYTES_MAX)
        return refuse(r, "the expression is longer than 64 KiB");
    const uint32_t options = PCRE2_CASELESS | PCRE2_UTF | PCRE2_MATCH_INVALID_UTF |
                             PCRE2_DOLLAR_ENDONLY | PCRE2_NEVER_BACKSLASH_C;
    const uint8_t *pattern = text.length ? text.at : (const uint8_t *)"";
    pcre2_code *code = pcre2_compile(pattern, text.length, options, &number, &offset, NULL);
    if (!code) {
        uint8_t words[120];
        pcre2_get_error_message(number, words, sizeof words);
        snprintf(r->error, HTTP_FILTER_ERROR_MAX, "regular expression, at byte %zu: %s", offset,
                 (const char *)words);
        return false;
    }
    /* without it the interpreter matches, to the same effect but for where the limits lie */
    (void)pcre2_jit_compile(code, PCRE2_JIT_COMPLETE);
    f->nodes[at].code = code;
    return true;
}

static bool read_text(struct reader *r, struct http_text *text)
{
    return http_wire_take_text(&r->at, r->end, text) || refuse(r, "the filter is cut short");
}

static bool read_number(struct reader *r, uint64_t *number)
{
    return http_wire_take_number(&r->at, r->end, number) || refuse(r, "the filter is cut short");
}

static bool read_method(struct http_filter *f, uint32_t at, struct reader *r)
{
    uint64_t method;
    struct http_text other;
    if (!read_number(r, &method))
        return false;
    if (method > METHOD_OTHER)
        return refuse(r, "a method filter that is not known");
    f->nodes[at].method = (uint8_t)method;
    return method != METHOD_OTHER || read_text(r, &other);
}

static bool read_node(struct http_filter *f, struct reader *r, unsigned depth);

static bool read_composite(struct http_filter *f, uint32_t at, struct reader *r, unsigned depth)
{
    uint64_t members;
    if (r->at == r->end || *r->at > 1)
        return refuse(r, "the filter is cut short");
    f->nodes[at].all = *r->at++;
    if (!read_number(r, &members))
        return false;
    /* a member takes two bytes at least */
    if (members > (uint64_t)(r->end - r->at))
        return refuse(r, "the filter is cut short");
    while (members--)
        if (!read_node(f, r, depth + 1))
            return false;
    return true;
}

static bool read_kind(struct http_filter *f, uint32_t at, struct reader *r, unsigned depth)
{
    struct http_text text;
    switch (f->nodes[at].kind) {
    case NODE_HEADER:
    case NODE_PATH: return read_text(r, &text) && compile(f, at, text, r);
    case NODE_COMPOSITE: return read_composite(f, at, r, depth);
    case NODE_METHOD: return read_method(f, at, r);
    case NODE_BODY: return refuse(r, "filters on bodies are not offered by this agent");
    case NODE_HEADER_JQ: return refuse(r, "jq filters are not offered by this agent");
    default: return refuse(r, "a kind of filter that is not known");
    }
}

static bool read_node(struct http_filter *f, struct reader *r, unsigned depth)
{
    uint64_t kind;
    if (depth > HTTP_FILTER_DEPTH_MAX)
        return refuse(r, "filters are nested too deep");
    if (!read_number(r, &kind))
        return false;
    uint32_t at = node_add(f, kind > NODE_HEADER_JQ ? UINT8_MAX : (uint8_t)kind);
    if (at == UINT32_MAX)
        return refuse(r, "too many filters");
    if (!read_kind(f, at, r, depth))
        return false;
    f->nodes[at].end = f->count;
    return true;
}

struct http_filter *http_filter_new(const uint8_t *bytes, size_t length,
                                    char error[HTTP_FILTER_ERROR_MAX])
{
    struct http_filter *f = filter_new();
    struct reader r = {bytes, bytes + length, error};
    bool read = read_node(f, &r, 0);
    if (read && r.at != r.end)
        read = refuse(&r, "bytes follow the filter");
    if (read)
        return f;
    http_filter_free(f);
    return NULL;
}

struct http_filter *http_filter_new_header(const uint8_t *text, size_t length,
                                           char error[HTTP_FILTER_ERROR_MAX])
{
    struct http_filter *f = filter_new();
    struct reader r = {NULL, NULL, error};
    uint32_t at = node_add(f, NODE_HEADER);
    f->nodes[at].end = f->count;
    if (compile(f, at, (struct http_text){text, length}, &r))
        return f;
    http_filter_free(f);
    return NULL;
}

/* ---- matching ---- */

static bool search(struct http_filter *f, const struct node *n, struct http_text subject)
{
    const uint8_t *at = subject.length ? subject.at : (const uint8_t *)"";
    /* a limit or any other error is below zero: no match */
    return pcre2_match(n->code, at, subject.length, 0, 0, f->match_data, f->match_context) >= 0;
}

static bool is_visible(struct http_text value)
{
    for (size_t i = 0; i < value.length; i++)
        if ((value.at[i] < 0x20 && value.at[i] != '\t') || value.at[i] > 0x7e)
            return false;
    return true;
}

static struct http_text line_of(struct http_filter *f, struct http_text name,
                                struct http_text value)
{
    size_t length = name.length + 2 + value.length;
    if (length > f->line_room) {
        f->line_room = length > LINE_BYTES_KEPT ? length : LINE_BYTES_KEPT;
        free(f->line);
        f->line = must(malloc(f->line_room), f->line_room);
    }
    for (size_t i = 0; i < name.length; i++)
        f->line[i] = http_lower(name.at[i]);
    memcpy(f->line + name.length, ": ", 2);
    if (value.length)
        memcpy(f->line + name.length + 2, value.at, value.length);
    return (struct http_text){f->line, length};
}

static bool header_matches(struct http_filter *f, const struct node *n,
                           const struct http_head *request)
{
    struct http_fields fields;
    struct http_text name, value;
    http_fields_begin(&fields, request->fields);
    while (http_fields_next(&fields, &name, &value))
        if (is_visible(value) && search(f, n, line_of(f, name, value)))
            return true;
    return false;
}

static size_t find_byte(struct http_text text, uint8_t byte)
{
    const uint8_t *found = text.length ? memchr(text.at, byte, text.length) : NULL;
    return found ? (size_t)(found - text.at) : text.length;
}

/* Path and query of a target: an absolute form without scheme and authority, an authority form empty,
 * everything without a fragment. */
static struct http_text path_and_query(struct http_text target)
{
    target.length = find_byte(target, '#');
    if (target.length == 0 || target.at[0] == '/' || target.at[0] == '*')
        return target;
    size_t colon = find_byte(target, ':');
    if (target.length - colon < 3 || memcmp(target.at + colon, "://", 3) != 0)
        return (struct http_text){NULL, 0};
    struct http_text rest = {target.at + colon + 3, target.length - colon - 3};
    size_t slash = find_byte(rest, '/'), query = find_byte(rest, '?');
    size_t from = slash < query ? slash : query;
    if (from == rest.length)
        return (struct http_text){(const uint8_t *)"/", 1};
    return (struct http_text){rest.at + from, rest.length - from};
}

static bool path_matches(struct http_filter *f, const struct node *n,
                         const struct http_head *request)
{
    struct http_text whole = path_and_query(request->target);
    struct http_text path = {whole.at, find_byte(whole, '?')};
    return search(f, n, path) || (path.length != whole.length && search(f, n, whole));
}

static bool method_matches(const struct node *n, const struct http_head *request)
{
    if (n->method == METHOD_OTHER)
        return false;
    const char *name = method_names[n->method];
    return http_text_is(request->method, name, strlen(name));
}

static bool node_matches(struct http_filter *f, uint32_t at, const struct http_head *request)
{
    const struct node *n = &f->nodes[at];
    switch (n->kind) {
    case NODE_HEADER: return header_matches(f, n, request);
    case NODE_PATH: return path_matches(f, n, request);
    case NODE_METHOD: return method_matches(n, request);
    default: break;
    }
    for (uint32_t member = at + 1; member < n->end; member = f->nodes[member].end)
        if (node_matches(f, member, request) != n->all)
            return !n->all;
    return n->all;
}

bool http_filter_matches(struct http_filter *f, const struct http_head *request)
{
    return node_matches(f, 0, request);
}
