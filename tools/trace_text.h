/* tools/trace_text.h -- text that is made piece by piece, before it is printed.
 *
 * Purpose  a trace has millions of records and a line has a dozen pieces: printf for each of them would be what
 *          takes the time.
 * Owner    whoever zeroed it; trace_text_free.
 * Thread   one at a time.
 * Errors   none; the end of memory is the program's.
 */
#ifndef TOOLS_TRACE_TEXT_H
#define TOOLS_TRACE_TEXT_H

#include "messages/trace_record.h"

struct trace_text {
    char *at;
    size_t length, room;
};

void trace_text_free(struct trace_text *t);
/* Room for so many more, behind length. */
char *trace_text_room(struct trace_text *t, size_t bytes);
void trace_text_bytes(struct trace_text *t, const void *bytes, size_t length);
void trace_text_word(struct trace_text *t, const char *word);
void trace_text_char(struct trace_text *t, char c);
void trace_text_number(struct trace_text *t, uint64_t n);
/* With zeros before it, to at least so many digits. */
void trace_text_digits(struct trace_text *t, uint64_t n, unsigned least);
void trace_text_format(struct trace_text *t, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* Blanks, until `from` lies so many characters back: what was written since is padded. */
void trace_text_pad(struct trace_text *t, size_t from, size_t width);

/* "12.345678" seconds. */
void trace_text_seconds(struct trace_text *t, uint64_t ns);
/* "350ns", "12.5us", "3ms", "1.25s": four digits at most before the unit, as people say it. */
void trace_text_time(struct trace_text *t, uint64_t ns);
/* 2026-03-04T05:06:07.891234Z */
void trace_text_wall(struct trace_text *t, uint64_t wall_us);

/* ASCII stands for itself, but for " and \\; the rest is escaped. What a file says is written so: it may hold what
 * a terminal obeys. */
void trace_text_escaped(struct trace_text *t, const void *bytes, size_t length);
/* The first `most` bytes (0: all) in quotes: ASCII stands for itself, with \" \\ \n \r \t \xNN for the rest,
 * and ... behind the quotes if that was not all. */
void trace_text_quoted(struct trace_text *t, const void *bytes, size_t length, size_t most);
bool trace_text_is_utf8(const void *bytes, size_t length);
/* A string of JSON. What is no UTF-8 is replaced by U+FFFD. */
void trace_text_json(struct trace_text *t, const void *bytes, size_t length);
void trace_text_hex(struct trace_text *t, const void *bytes, size_t length);
/* Lines of offset, 16 bytes, and these as text; each begins with `margin`. */
void trace_text_dump(struct trace_text *t, const char *margin, const void *bytes, size_t length);

/* To standard output, and empty. */
void trace_text_print(struct trace_text *t);

#endif
