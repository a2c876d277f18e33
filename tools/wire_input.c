/* tools/wire_input.c -- see wire_input.h */
#include "tools/wire_input.h"
#include "messages/hex.h"
#include "messages/wire_transcode.h"
#include "tools/wire_commands.h"
#include "tools/wire_show.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { READ_BYTES = 64 * 1024, REPEATED_MAX = 1 << 28 };

struct reading {
    const struct wire_input *in;
    const char *name;
    unsigned long line;
    struct wire_buffer text;  /* a line that is not whole */
    struct wire_buffer bytes; /* of a line */
};

static int mistake(const struct reading *r, const char *what)
{
    if (r->line)
        fprintf(stderr, "intproxy-wire: %s, line %lu: %s\n", r->name, r->line, what);
    else
        fprintf(stderr, "intproxy-wire: %s: %s\n", r->name, what);
    return EXIT_DATA;
}

static const char say_who[] = "who speaks? give --from agent or --from client";

/* ---- a line of hexadecimal ------------------------------------------------------------------- */

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

static void skip_blanks(const char **at, const char *end)
{
    while (*at < end && is_blank(**at))
        ++*at;
}

static size_t word(const char *at, const char *end)
{
    const char *begin = at;
    while (at < end && !is_blank(*at))
        at++;
    return (size_t)(at - begin);
}

/* `agent`, `client`, `<` or `>`, which are taken off the line. */
static bool take_speaker(const char **at, const char *end, enum wire_from *from)
{
    size_t n = word(*at, end);
    bool sign = n == 1 && (**at == '<' || **at == '>');
    if (sign)
        *from = **at == '<' ? WIRE_FROM_AGENT : WIRE_FROM_CLIENT;
    else if (!wire_from_parse(*at, n, from))
        return false;
    *at += n;
    skip_blanks(at, end);
    return true;
}

/* A number is a time if a sign of who speaks, or a remark, comes behind it. */
static void skip_time(const char **at, const char *end)
{
    const char *digit = *at;
    while (digit < end && *digit >= '0' && *digit <= '9')
        digit++;
    if (digit == *at || digit == end || !is_blank(*digit))
        return;
    skip_blanks(&digit, end);
    if (digit < end && strchr("<>@ac", *digit) && (strchr("<>@", *digit) || digit[1] > 'f'))
        *at = digit;
}

/* `75*1000`: so many times the byte, as recorded sessions write it. Returns how often, 0: no number. */
static size_t times(const char **at, const char *end)
{
    size_t n = 0;
    if (*at == end || **at != '*')
        return 1;
    for (++*at; *at < end && **at >= '0' && **at <= '9' && n < REPEATED_MAX; ++*at)
        n = n * 10 + (size_t)(**at - '0');
    return n <= REPEATED_MAX ? n : 0;
}

static bool hex(struct reading *r, const char *at, const char *end)
{
    r->bytes.length = 0;
    for (skip_blanks(&at, end); at < end; skip_blanks(&at, end)) {
        int high = hex_digit(at[0]), low = end - at > 1 ? hex_digit(at[1]) : -1;
        if (high < 0 || low < 0)
            return false;
        at += 2;
        size_t n = times(&at, end);
        if (n == 0 || !wire_buffer_room(&r->bytes, n))
            return false;
        memset(r->bytes.at + r->bytes.length, high << 4 | low, n);
        r->bytes.length += n;
    }
    return true;
}

static int read_line(struct reading *r, const char *at, const char *end)
{
    enum wire_from from = r->in->from;
    r->line++;
    skip_blanks(&at, end);
    skip_time(&at, end);
    if (at == end || *at == '#' || *at == '@')
        return 0;
    bool spoken = take_speaker(&at, end, &from);
    if (!hex(r, at, end)) /* a session's first lines say whose it is */
        return r->line <= 2 ? 0 : mistake(r, "not hexadecimal: digits in pairs belong here");
    if (!spoken && !r->in->from_given)
        return mistake(r, say_who);
    return r->in->piece(r->in->context, from, r->bytes.at, r->bytes.length);
}

static int read_lines(struct reading *r, const char *at, size_t length)
{
    const char *end = at + length;
    while (at < end) {
        const char *newline = memchr(at, '\n', (size_t)(end - at));
        const char *stop = newline ? newline : end;
        if ((!newline || r->text.length) && !wire_buffer_put(&r->text, at, (size_t)(stop - at)))
            return mistake(r, "no memory");
        if (!newline)
            return 0;
        const char *line = r->text.length ? (const char *)r->text.at : at;
        int status =
            read_line(r, line, line + (r->text.length ? r->text.length : (size_t)(stop - at)));
        if (status)
            return status;
        r->text.length = 0;
        at = newline + 1;
    }
    return 0;
}

static int last_line(struct reading *r)
{
    return r->text.length ? read_line(r, (char *)r->text.at, (char *)r->text.at + r->text.length)
                          : 0;
}

/* ---- files ----------------------------------------------------------------------------------- */

/* Raw bytes hold, within a few messages, something that no text does. */
static bool looks_like_text(const uint8_t *bytes, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if (bytes[i] < ' ' ? !strchr("\t\r\n", bytes[i]) || bytes[i] == 0 : bytes[i] > 0x7E)
            return false;
    return true;
}

static int read_piece(struct reading *r, enum wire_input_form form, const uint8_t *bytes,
                      size_t length)
{
    if (form == WIRE_INPUT_HEX)
        return read_lines(r, (const char *)bytes, length);
    if (!r->in->from_given)
        return mistake(r, say_who);
    return r->in->piece(r->in->context, r->in->from, bytes, length);
}

static int read_fd(struct reading *r, int fd)
{
    static uint8_t room[READ_BYTES];
    enum wire_input_form form = r->in->form;
    for (;;) {
        ssize_t n = read(fd, room, sizeof room);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return mistake(r, strerror(errno)) ? EXIT_IO : 0;
        if (n == 0)
            return last_line(r);
        if (form == WIRE_INPUT_GUESS)
            form = looks_like_text(room, (size_t)n) ? WIRE_INPUT_HEX : WIRE_INPUT_RAW;
        int status = read_piece(r, form, room, (size_t)n);
        if (status)
            return status;
    }
}

static bool is_digits(const char *what)
{
    size_t n = 0;
    for (const char *c = what; *c; c++) {
        if (is_blank(*c))
            continue;
        if (hex_digit(*c) < 0)
            return false;
        n++;
    }
    return n && n % 2 == 0;
}

static int read_digits(struct reading *r, const char *what)
{
    return read_line(r, what, what + strlen(what));
}

static int read_file(struct reading *r, const char *path)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        int error = errno;
        if (r->in->form != WIRE_INPUT_RAW && is_digits(path))
            return read_digits(r, path);
        fprintf(stderr, "intproxy-wire: %s: %s, and these are no hexadecimal digits either\n", path,
                strerror(error));
        return EXIT_IO;
    }
    int status = read_fd(r, fd);
    close(fd);
    return status;
}

int wire_input_read(const struct wire_input *in, const char *what)
{
    bool standard = strcmp(what, "-") == 0;
    struct reading r = {.in = in, .name = standard ? "standard input" : what};
    int status = standard ? read_fd(&r, STDIN_FILENO) : read_file(&r, what);
    wire_buffer_release(&r.text);
    wire_buffer_release(&r.bytes);
    return status;
}
