/* tools/trace_stdin.c -- see trace_stdin.h */
#include "tools/trace_stdin.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>

static FILE *kept;
static char kept_name[40];

static bool keep(void)
{
    static char bytes[256 << 10];
    size_t n;
    kept = tmpfile();
    while (kept && (n = fread(bytes, 1, sizeof bytes, stdin)) > 0)
        if (fwrite(bytes, 1, n, kept) != n)
            break;
    if (!kept || ferror(stdin) || ferror(kept) || fflush(kept) != 0) {
        fprintf(stderr, "intproxy-trace: standard input cannot be kept to be read again: %s\n",
                strerror(errno));
        return false;
    }
    snprintf(kept_name, sizeof kept_name, "/dev/fd/%d", fileno(kept));
    return true;
}

bool trace_stdin_keep(const char **names, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        if (strcmp(names[i], "-") != 0)
            continue;
        if (!kept && !keep())
            return false;
        names[i] = kept_name;
    }
    return true;
}

void trace_stdin_forget(void)
{
    if (kept)
        fclose(kept);
    kept = NULL;
    kept_name[0] = '\0';
}

bool trace_stdin_is(const char *name)
{
    return strcmp(name, "-") == 0 || (kept && strcmp(name, kept_name) == 0);
}
