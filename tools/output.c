/* tools/output.c -- see output.h */
#include "tools/output.h"
#include "actors/exit_codes.h"
#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *program, *name = "standard output";
static bool verdict, reader_gone;

void output_begin(const char *of)
{
    program = of;
    signal(SIGPIPE, SIG_IGN);
}

void output_named(const char *file)
{
    name = file;
}

void output_keeps_verdict(void)
{
    verdict = true;
}

static void failed(void)
{
    int error = errno;
    reader_gone = error == EPIPE;
    if (reader_gone && verdict)
        return;
    if (reader_gone)
        _exit(0);
    fprintf(stderr, "%s: %s: %s\n", program, name, strerror(error));
    _exit(EXIT_IO);
}

void output(const void *bytes, size_t length)
{
    if (length && !reader_gone && fwrite(bytes, 1, length, stdout) != length)
        failed();
}

void output_text(const char *text)
{
    output(text, strlen(text));
}

void output_format(const char *format, ...)
{
    va_list list;
    if (reader_gone)
        return;
    va_start(list, format);
    int n = vprintf(format, list);
    va_end(list);
    if (n < 0)
        failed();
}

void output_hex(const void *bytes, size_t length)
{
    static const char digits[] = "0123456789abcdef";
    const uint8_t *b = bytes;
    char line[512];
    while (length) {
        size_t n = length < sizeof line / 2 ? length : sizeof line / 2;
        for (size_t i = 0; i < n; i++) {
            line[2 * i] = digits[b[i] >> 4];
            line[2 * i + 1] = digits[b[i] & 15];
        }
        output(line, 2 * n);
        b += n;
        length -= n;
    }
}

void output_flush(void)
{
    if (!reader_gone && fflush(stdout) != 0)
        failed();
}

bool output_has_colour(void)
{
    const char *none = getenv("NO_COLOR"), *term = getenv("TERM");
    return isatty(STDOUT_FILENO) && !(none && *none) && !(term && strcmp(term, "dumb") == 0);
}
