/* tools/trace_redaction.c -- see trace_redaction.h */
#include "tools/trace_redaction.h"
#include "actors/exit_codes.h"
#include "tools/trace_gathered_http.h"
#include "tools/trace_input.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

enum { RANDOM_KEY_BYTES = 32, SMALL_FILE_MAX = 16 << 20 };

static void no_memory(const void *p)
{
    if (!p)
        heap_exhausted("redaction", 0);
}

/* All of a file; NULL, and errno. */
static uint8_t *read_file(const char *path, size_t *length)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    uint8_t *bytes = fd < 0 ? NULL : malloc(SMALL_FILE_MAX);
    ssize_t n = 0;
    *length = 0;
    while (bytes && (n = read(fd, bytes + *length, SMALL_FILE_MAX - *length)) > 0)
        *length += (size_t)n;
    int error = errno;
    if (fd >= 0)
        close(fd);
    if (bytes && (n < 0 || *length == SMALL_FILE_MAX)) {
        free(bytes);
        errno = n < 0 ? error : EFBIG;
        return NULL;
    }
    return bytes;
}

/* ---- options ---- */

static void set_key(struct trace_redaction *x, struct command_line *c, uint8_t *key, size_t length)
{
    if (x->key)
        command_line_mistake(c, "--key and --key-text: leave one out");
    free(x->key);
    x->key = key;
    x->key_length = length;
}

void trace_redaction_key_file(struct trace_redaction *x, struct command_line *c, const char *value)
{
    size_t length;
    uint8_t *key = read_file(value, &length);
    if (!key) {
        command_line_mistake(c, "%s: %s", value, strerror(errno));
        return;
    }
    if (!length)
        command_line_mistake(c, "%s is empty: that is no key", value);
    set_key(x, c, key, length);
}

void trace_redaction_key_text(struct trace_redaction *x, struct command_line *c, const char *value)
{
    uint8_t *key = (uint8_t *)strdup(value);
    no_memory(key);
    if (!*value)
        command_line_mistake(c, "an empty text is no key");
    set_key(x, c, key, strlen(value));
}

struct rules_of {
    struct command_line *c;
    const char *path;
};

static void say_rule(void *context, unsigned line, const char *error)
{
    const struct rules_of *of = context;
    command_line_mistake(of->c, "%s:%u: %s", of->path, line, error);
}

void trace_redaction_rules_file(struct trace_redaction *x, struct command_line *c,
                                const char *value)
{
    size_t length;
    uint8_t *text = read_file(value, &length);
    struct rules_of of = {c, value};
    if (!text) {
        command_line_mistake(c, "%s: %s", value, strerror(errno));
        return;
    }
    redact_rules_read(x->rules, (const char *)text, length, say_rule, &of);
    free(text);
}

void trace_redaction_rule(struct trace_redaction *x, struct command_line *c, const char *place,
                          const char *value)
{
    char line[512], error[REDACT_ERROR_MAX];
    int n = snprintf(line, sizeof line, "%s %s", place, value);
    if (n >= (int)sizeof line)
        command_line_mistake(c, "this name is too long");
    else if (!redact_rules_add(x->rules, line, (size_t)n, error))
        command_line_mistake(c, "%s", error);
}

/* ---- passes ---- */

typedef void pass(struct trace_redaction *x, const struct trace_reader *reader,
                  const struct trace_record *r);

static bool names_coding(const struct trace_record *r)
{
    const struct trace_bytes *head = trace_span(r, "head");
    struct trace_out list = {0};
    struct http_head h;
    bool coded = head && head->kept &&
                 (http_head_open_response(&h, NULL, head->bytes, head->kept) ||
                  http_head_open_request(&h, NULL, head->bytes, head->kept)) &&
                 gathered_http_codings(&list, &h);
    free(list.bytes);
    return coded;
}

static void learn(struct trace_redaction *x, const struct trace_reader *reader,
                  const struct trace_record *r)
{
    redactor_learn(x->redactor, reader, r);
    x->coded = x->coded || names_coding(r);
}

static void find(struct trace_redaction *x, const struct trace_reader *reader,
                 const struct trace_record *r)
{
    redactor_find(x->redactor, reader, r);
}

static int read_all(struct trace_redaction *x, const char *const *paths, unsigned count, bool quiet,
                    pass *take)
{
    struct trace_input in = {.quiet = quiet};
    struct trace_record r;
    trace_input_open(&in, paths, count);
    while (trace_input_next(&in, &r))
        take(x, in.reader, &r);
    bool failed = in.failed;
    trace_input_close(&in);
    return failed ? EXIT_IO : 0;
}

static bool make_key(struct trace_redaction *x)
{
    if (x->key)
        return true;
    x->key = malloc(RANDOM_KEY_BYTES);
    no_memory(x->key);
    x->key_length = RANDOM_KEY_BYTES;
    if (getrandom(x->key, RANDOM_KEY_BYTES, 0) == RANDOM_KEY_BYTES)
        return true;
    fprintf(stderr, "intproxy-trace: no random key: %s\n", strerror(errno));
    return false;
}

int trace_redaction_prepare(struct trace_redaction *x, const char *const *paths, unsigned count,
                            bool quiet)
{
    if (!make_key(x))
        return EXIT_IO;
    x->redactor = redactor_new(x->rules, x->key, x->key_length);
    int status = read_all(x, paths, count, quiet, learn);
    if (status)
        return status;
    if (x->learn_more)
        x->learn_more(x->context, x->redactor);
    redactor_learned(x->redactor);
    status = read_all(x, paths, count, true, find);
    redactor_found(x->redactor);
    return status;
}

void trace_redaction_say_coded(const struct trace_redaction *x, const char *out)
{
    if (x->coded)
        fprintf(stderr,
                "intproxy-trace: %s: heads in it name a Content-Encoding: what is secret in "
                "bodies that are compressed is not found, and stays\n",
                out);
}

void trace_redaction_create(struct trace_redaction *x)
{
    *x = (struct trace_redaction){.rules = redact_rules_new()};
}

void trace_redaction_destroy(struct trace_redaction *x)
{
    if (x->redactor)
        redactor_free(x->redactor);
    redact_rules_free(x->rules);
    free(x->key);
}
