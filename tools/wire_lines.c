/* tools/wire_lines.c -- see wire_lines.h */
#include "tools/wire_lines.h"
#include "tools/wire_commands.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int wire_line_mistake(const struct wire_line *line, int status, const char *why)
{
    fprintf(stderr, "intproxy-wire: %s, line %lu: %s\n", line->input, line->number, why);
    return status;
}

static int unreadable(const char *what)
{
    fprintf(stderr, "intproxy-wire: %s: %s\n", what, strerror(errno));
    return EXIT_IO;
}

static int read_all(FILE *file, const char *name, wire_line_read *each, void *context)
{
    struct wire_line line = {.input = name};
    size_t room = 0;
    ssize_t n;
    int status = 0;
    while (status == 0 && (n = getline(&line.text, &room, file)) >= 0) {
        line.length = (size_t)n;
        while (line.length && strchr("\r\n", line.text[line.length - 1]))
            line.text[--line.length] = 0;
        line.number++;
        status = each(context, &line);
    }
    free(line.text);
    return status == 0 && ferror(file) ? unreadable(name) : status;
}

int wire_lines_read(const char *what, wire_line_read *each, void *context)
{
    if (strcmp(what, "-") == 0)
        return read_all(stdin, "standard input", each, context);
    FILE *file = fopen(what, "re");
    if (!file)
        return unreadable(what);
    int status = read_all(file, what, each, context);
    fclose(file);
    return status;
}
