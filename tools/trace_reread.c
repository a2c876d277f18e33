/* tools/trace_reread.c -- see trace_reread.h */
#include "tools/trace_reread.h"
#include "messages/trace_grow.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

enum { NAME_MAX_BYTES = 40 };

struct copy {
    const char *original;
    char name[NAME_MAX_BYTES];
};
static struct copy **copies;
static unsigned copy_count;

static const char *called(const char *name)
{
    return strcmp(name, "-") == 0 ? "standard input" : name;
}

const char *trace_reread_shown(const char *name)
{
    for (unsigned i = 0; i < copy_count; i++)
        if (strcmp(copies[i]->name, name) == 0)
            return called(copies[i]->original);
    return called(name);
}

static bool is_read_once(const char *name)
{
    struct stat st;
    return strcmp(name, "-") == 0 ||
           (stat(name, &st) == 0 && !S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode));
}

static bool copy_bytes(FILE *from, FILE *to)
{
    static char bytes[256 << 10];
    size_t n;
    while ((n = fread(bytes, 1, sizeof bytes, from)) > 0)
        if (fwrite(bytes, 1, n, to) != n)
            return false;
    return !ferror(from) && fflush(to) == 0;
}

/* Under which name it is read from now on. */
static const char *add(const char *original, FILE *kept)
{
    struct copy *c = calloc(1, sizeof *c);
    if (!c)
        heap_exhausted("names of files", sizeof *c);
    c->original = original;
    snprintf(c->name, sizeof c->name, "/dev/fd/%d", fileno(kept));
    copies = trace_grow(copies, copy_count, sizeof *copies);
    copies[copy_count++] = c;
    return c->name;
}

/* NULL: it could not be kept, said. */
static const char *keep(const char *name)
{
    FILE *from = strcmp(name, "-") == 0 ? stdin : fopen(name, "re");
    FILE *kept = from ? tmpfile() : NULL;
    bool good = kept && copy_bytes(from, kept);
    if (!good)
        fprintf(stderr, "intproxy-trace: %s cannot be kept to be read again: %s\n", called(name),
                strerror(errno));
    if (from && from != stdin)
        fclose(from);
    if (!good && kept)
        fclose(kept);
    return good ? add(name, kept) : NULL;
}

bool trace_reread_keep(const char **names, unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        if (is_read_once(names[i]) && !(names[i] = keep(names[i])))
            return false;
    return true;
}
