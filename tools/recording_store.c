/* tools/recording_store.c -- see recording_store.h */
#include "tools/recording_store.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

static bool has_parts(const struct recording_store *s)
{
    return s->part_bytes_max || s->part_ns_max;
}

void recording_store_name(const struct recording_store *s, uint32_t part, char out[TRACE_PATH_MAX])
{
    if (has_parts(s))
        snprintf(out, TRACE_PATH_MAX, "%s.%u", s->path, part + 1);
    else
        snprintf(out, TRACE_PATH_MAX, "%s", s->path);
}

/* 0, or an errno; s->fd is the file. It holds others' secrets: nobody else may read it. */
static int open_part(struct recording_store *s)
{
    char name[TRACE_PATH_MAX];
    struct stat st;
    recording_store_name(s, s->part, name);
    int fd = open(name, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (fd < 0)
        return errno;
    s->regular = fstat(fd, &st) == 0 && S_ISREG(st.st_mode);
    if (s->regular && st.st_size > 0) {
        close(fd);
        return EEXIST;
    }
    s->fd = fd;
    s->bytes = 0;
    return 0;
}

int recording_store_open(struct recording_store *s, uint64_t now_ns)
{
    s->fd = -1;
    s->part = 0;
    s->began_ns = now_ns;
    return s->error = open_part(s);
}

bool recording_store_is_full(const struct recording_store *s, uint64_t now_ns)
{
    return s->bytes && ((s->part_bytes_max && s->bytes >= s->part_bytes_max) ||
                        (s->part_ns_max && now_ns - s->began_ns >= s->part_ns_max));
}

static void remove_old(const struct recording_store *s)
{
    char name[TRACE_PATH_MAX];
    if (!s->keep || s->part < s->keep)
        return;
    recording_store_name(s, s->part - s->keep, name);
    (void)unlink(name);
}

bool recording_store_next_part(struct recording_store *s, uint64_t now_ns)
{
    recording_store_close(s);
    s->part++;
    s->began_ns = now_ns;
    s->error = open_part(s);
    remove_old(s);
    return !s->error;
}

/* What is written so far of frames that were not written whole. */
static void take_back(struct recording_store *s)
{
    if (s->regular && ftruncate(s->fd, (off_t)s->bytes))
        s->regular = false; /* then their rest is a damaged place, which readers step over */
}

bool recording_store_append(struct recording_store *s, const uint8_t *bytes, size_t length)
{
    size_t written = 0;
    while (s->fd >= 0 && written < length) {
        ssize_t n = write(s->fd, bytes + written, length - written);
        if (n > 0) {
            written += (size_t)n;
        } else if (n < 0 && errno != EINTR) {
            s->error = errno;
            take_back(s);
            return false;
        }
    }
    if (s->fd < 0) {
        s->error = open_part(s); /* as the last try could not */
        return !s->error && recording_store_append(s, bytes, length);
    }
    s->bytes += length;
    s->error = 0;
    return true;
}

void recording_store_close(struct recording_store *s)
{
    if (s->fd >= 0)
        close(s->fd);
    s->fd = -1;
}
