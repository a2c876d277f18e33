/* tools/recording_options.c -- see recording_options.h */
#include "tools/recording_options.h"
#include "runtime/heap.h"
#include "tools/trace_parts.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct recording_options recording_asked = {.bodies_max = UINT32_MAX};

#define asked      recording_asked
#define MEMORY_MAX UINT64_C(0x400000000) /* 16G */

void recording_take_file(struct command_line *c, const char *value)
{
    enum { FOR_A_NUMBER = 16 };
    if (*value == '\0' || strlen(value) > TRACE_PATH_MAX - FOR_A_NUMBER)
        command_line_mistake(c, "\"%s\" is no name of a file", value);
    if (strcmp(value, "-") == 0) /* to those that read it this is standard input */
        command_line_mistake(c, "\"-\" is no file here, name one; for a pipe, make a fifo, or ./-");
    asked.file = value;
}

void recording_take_bodies(struct command_line *c, const char *value)
{
    uint64_t n = 0;
    if (strcmp(value, "none") != 0 && !command_line_size(value, 0, UINT32_MAX - 1, &n))
        command_line_mistake(c, "\"%s\" is no number of bytes, write e.g. 1K, or none", value);
    asked.bodies_max = (uint32_t)n;
}

static void take_time(struct command_line *c, const char *value, uint64_t *ns)
{
    if (!command_line_time(value, 1000000, ns))
        command_line_mistake(c, "\"%s\" is no time from 1ms on, write e.g. 60s, 500ms or 5m",
                             value);
}

void recording_take_last(struct command_line *c, const char *value)
{
    take_time(c, value, &asked.last_ns);
}

void recording_take_part_time(struct command_line *c, const char *value)
{
    take_time(c, value, &asked.part_ns);
}

void recording_take_part_size(struct command_line *c, const char *value)
{
    if (!command_line_size(value, 64 << 10, UINT64_C(1) << 50, &asked.part_bytes))
        command_line_mistake(c, "\"%s\" is no size from 64K on, write e.g. 100M", value);
}

void recording_take_keep(struct command_line *c, const char *value)
{
    if (!command_line_number(value, 1, UINT32_MAX, &asked.keep))
        command_line_mistake(c, "\"%s\" is no number of files from 1 on", value);
}

void recording_take_memory(struct command_line *c, const char *value)
{
    if (!command_line_size(value, 256 << 10, MEMORY_MAX, &asked.memory))
        command_line_mistake(c, "\"%s\" is no size from 256K to 16G, write e.g. 32M", value);
}

static const struct {
    const char *name;
    bool cuts; /* makes parts */
} dependent[] = {{"--trace-bodies", false},   {"--trace-last", false}, {"--trace-part-size", true},
                 {"--trace-part-time", true}, {"--trace-keep", true},  {"--trace-memory", false}};

void recording_check(struct command_line *c)
{
    for (unsigned i = 0; i < sizeof dependent / sizeof dependent[0]; i++) {
        if (!command_line_given(c, dependent[i].name))
            continue;
        if (!command_line_given(c, "--trace"))
            command_line_mistake(c, "%s needs --trace FILE", dependent[i].name);
        if (dependent[i].cuts && command_line_given(c, "--trace-last"))
            command_line_mistake(c, "%s and --trace-last exclude each other, leave one out",
                                 dependent[i].name);
    }
    if (command_line_given(c, "--trace-keep") && !command_line_given(c, "--trace-part-size") &&
        !command_line_given(c, "--trace-part-time"))
        command_line_mistake(c, "--trace-keep needs --trace-part-size or --trace-part-time");
}

bool recording_is_wanted(void)
{
    return asked.file != NULL;
}

/* ---- the command line ---- */

/* As a shell takes it. */
static void print_word(FILE *out, const char *word)
{
    if (*word && !strpbrk(word, " \t\n'\"\\$*?[]{}()<>|&;#~`!")) {
        fputs(word, out);
        return;
    }
    fputc('\'', out);
    for (; *word; word++)
        if (*word == '\'')
            fputs("'\\''", out);
        else
            fputc(*word, out);
    fputc('\'', out);
}

/* The bytes of an option whose value may be a secret, as far as they stand in this word; 0: it is none. */
static size_t secret_option(const char *word)
{
    static const char *const options[] = {"--header-filter", "--path-filter"};
    for (unsigned i = 0; i < sizeof options / sizeof options[0]; i++) {
        size_t n = strlen(options[i]);
        if (strncmp(word, options[i], n) == 0 && (word[n] == '\0' || word[n] == '='))
            return n + (word[n] == '=');
    }
    return 0;
}

static void print_words(FILE *out, int argc, char **argv)
{
    bool hidden = false; /* the word is the value of the option before */
    for (int i = 1; i < argc; i++) {
        size_t option = hidden ? 0 : secret_option(argv[i]);
        if (i > 1)
            fputc(' ', out);
        if (hidden)
            fputs("[hidden]", out);
        else if (option && argv[i][option - 1] == '=')
            fprintf(out, "%.*s[hidden]", (int)option, argv[i]);
        else
            print_word(out, argv[i]);
        hidden = option && argv[i][option - 1] != '=';
    }
}

char *recording_command_line(int argc, char **argv)
{
    char *text = NULL;
    size_t length = 0;
    FILE *out = open_memstream(&text, &length);
    if (!out)
        heap_exhausted("a trace", 0);
    print_words(out, argc, argv);
    if (fclose(out) || !text)
        heap_exhausted("a trace", length);
    return text;
}
