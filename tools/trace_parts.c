/* tools/trace_parts.c -- see trace_parts.h */
#include "tools/trace_parts.h"
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

void trace_part_name(const char *path, uint32_t number, char out[TRACE_PATH_MAX])
{
    snprintf(out, TRACE_PATH_MAX, "%s.%u", path, number);
}

/* The directory that path is in. */
static void directory_of(const char *path, char out[TRACE_PATH_MAX])
{
    const char *slash = strrchr(path, '/');
    if (!slash)
        snprintf(out, TRACE_PATH_MAX, ".");
    else
        snprintf(out, TRACE_PATH_MAX, "%.*s", slash == path ? 1 : (int)(slash - path), path);
}

/* "name.12" of "name" is 12; 0: it is no part of it. */
static uint32_t number_of(const char *entry, const char *name, size_t length)
{
    char *end;
    if (strncmp(entry, name, length) != 0 || entry[length] != '.')
        return 0;
    const char *digits = entry + length + 1;
    if (*digits < '1' || *digits > '9' || strlen(digits) > 9)
        return 0;
    unsigned long n = strtoul(digits, &end, 10);
    return *end ? 0 : (uint32_t)n;
}

struct found {
    uint32_t lowest, highest;
};

/* Of those that are greater than `number`; zeros: there are none. */
static struct found find_parts(const char *path, uint32_t number)
{
    char directory[TRACE_PATH_MAX];
    const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
    size_t length = strlen(name);
    struct found found = {0};
    const struct dirent *entry;
    directory_of(path, directory);
    DIR *d = opendir(directory);
    while (d && (entry = readdir(d))) {
        uint32_t n = number_of(entry->d_name, name, length);
        if (n > number && (!found.lowest || n < found.lowest))
            found.lowest = n;
        if (n > number && n > found.highest)
            found.highest = n;
    }
    if (d)
        closedir(d);
    return found;
}

uint32_t trace_part_after(const char *path, uint32_t number)
{
    return find_parts(path, number).lowest;
}

uint32_t trace_part_last(const char *path)
{
    return find_parts(path, 0).highest;
}

static bool is_same_file(const char *a, const char *b)
{
    struct stat s, t;
    return stat(a, &s) == 0 && stat(b, &t) == 0 && S_ISREG(s.st_mode) && s.st_dev == t.st_dev &&
           s.st_ino == t.st_ino;
}

/* A file of the name itself would hide the parts. */
static bool is_part(const char *path, const char *file)
{
    char part[TRACE_PATH_MAX];
    struct stat s;
    if (stat(path, &s) == 0)
        return false;
    for (uint32_t n = 0; (n = trace_part_after(path, n));) {
        trace_part_name(path, n, part);
        if (strcmp(path, file) == 0 || is_same_file(part, file))
            return true;
    }
    return false;
}

bool trace_parts_include(const char *const *paths, unsigned count, const char *file)
{
    for (unsigned i = 0; i < count; i++)
        if (is_same_file(paths[i], file) || is_part(paths[i], file))
            return true;
    return false;
}

bool trace_parts_refuse(const char *const *paths, unsigned count, const char *file)
{
    bool included = trace_parts_include(paths, count, file);
    if (included)
        fprintf(stderr, "intproxy-trace: %s: is what is to be read, write to another file\n", file);
    return included;
}
