/* tools/trace_convert_out.c -- where `convert` writes: standard output, a file, a directory; see trace_convert.h */
#include "tools/output.h"
#include "tools/trace_convert.h"
#include "tools/trace_parts.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FLUSH_BYTES = 256 << 10 };

bool convert_is_directory(const char *name)
{
    struct stat s;
    return name && (name[strlen(name) - 1] == '/' || (stat(name, &s) == 0 && S_ISDIR(s.st_mode)));
}

int convert_create(const char *name, const char *const *inputs, unsigned count)
{
    if (trace_parts_refuse(inputs, count, name))
        return -1;
    int fd = open(name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0)
        fprintf(stderr, "intproxy-trace: %s: %s\n", name, strerror(errno));
    return fd;
}

bool convert_write(int fd, const char *name, const struct trace_out *out)
{
    for (size_t at = 0; at < out->length;) {
        ssize_t n = write(fd, out->bytes + at, out->length - at);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0) {
            fprintf(stderr, "intproxy-trace: %s: %s\n", name, strerror(errno));
            return false;
        }
        at += (size_t)n;
    }
    return true;
}

void convert_flush(struct convert *c, bool all)
{
    if (!all && c->out.length < FLUSH_BYTES)
        return;
    if (c->failed) {
        c->out.length = 0;
        return;
    }
    if (c->fd < 0)
        output(c->out.bytes, c->out.length);
    else
        c->failed = !convert_write(c->fd, c->name, &c->out);
    c->out.length = 0;
}

void convert_write_file(struct convert *c, const char *name)
{
    struct trace_out text = {0};
    text_format(&text, "%s%s%s", c->directory,
                c->directory[strlen(c->directory) - 1] == '/' ? "" : "/", name);
    text_bytes(&text, "", 1);
    const char *path = (const char *)text.bytes;
    int fd = c->failed ? -1 : convert_create(path, NULL, 0);
    c->failed = fd < 0 || !convert_write(fd, path, &c->out);
    c->out.length = 0;
    if (fd >= 0)
        close(fd);
    free(text.bytes);
}

static bool open_directory(struct convert *c, const char *name)
{
    c->directory = name;
    if (mkdir(name, 0700) == 0 || errno == EEXIST)
        return true;
    fprintf(stderr, "intproxy-trace: %s: %s\n", name, strerror(errno));
    return false;
}

bool convert_open(struct convert *c, const char *name)
{
    c->fd = -1;
    if (!name || strcmp(name, "-") == 0)
        return true;
    if (convert_is_directory(name))
        return open_directory(c, name);
    c->name = name;
    c->fd = convert_create(name, c->paths, c->count);
    return c->fd >= 0;
}

void convert_close(struct convert *c)
{
    convert_flush(c, true);
    if (c->fd < 0) {
        output_flush();
    } else if (close(c->fd) != 0 && !c->failed) {
        fprintf(stderr, "intproxy-trace: %s: %s\n", c->name, strerror(errno));
        c->failed = true;
    }
    free(c->out.bytes);
}
