/* tools/trace_replace.c -- see trace_replace.h */
#include "tools/trace_replace.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct replacing {
    const char *path;
    char beside[PATH_MAX];
    int fd;
    char *error;
};

static bool failed(const struct replacing *r, const char *name)
{
    snprintf(r->error, REPLACE_ERROR_MAX, "%s: %s", name, strerror(errno));
    return false;
}

/* As only its owner may read, as the recorder makes them; if there was one, with its mode. */
static bool begin(struct replacing *r)
{
    struct stat was;
    mode_t mode = stat(r->path, &was) == 0 ? was.st_mode & 07777 : 0600;
    int n = snprintf(r->beside, sizeof r->beside, "%s.new-%ld", r->path, (long)getpid());
    if (n < 0 || (size_t)n >= sizeof r->beside) {
        errno = ENAMETOOLONG;
        return failed(r, r->path);
    }
    r->fd = open(r->beside, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
    if (r->fd < 0)
        return failed(r, r->beside);
    if (fchmod(r->fd, mode) == 0)
        return true;
    failed(r, r->beside);
    close(r->fd);
    unlink(r->beside);
    return false;
}

static bool put(struct replacing *r, const void *bytes, size_t length)
{
    for (const char *at = bytes; length;) {
        ssize_t n = write(r->fd, at, length);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return failed(r, r->beside);
        at += n;
        length -= (size_t)n;
    }
    return true;
}

static bool finish(struct replacing *r, bool fine)
{
    if (fine && fsync(r->fd) != 0)
        fine = failed(r, r->beside);
    if (close(r->fd) != 0 && fine)
        fine = failed(r, r->beside);
    if (fine && rename(r->beside, r->path) != 0)
        fine = failed(r, r->path);
    if (!fine)
        unlink(r->beside);
    return fine;
}

bool trace_replace(const char *path, const void *bytes, size_t length,
                   char error[REPLACE_ERROR_MAX])
{
    struct replacing r = {.path = path, .error = error};
    return begin(&r) && finish(&r, put(&r, bytes, length));
}

static bool copy(struct replacing *r, int from, const char *name)
{
    static char bytes[256 << 10];
    for (;;) {
        ssize_t n = read(from, bytes, sizeof bytes);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return failed(r, name);
        if (n == 0)
            return true;
        if (!put(r, bytes, (size_t)n))
            return false;
    }
}

bool trace_replace_by_file(const char *path, const char *from, char error[REPLACE_ERROR_MAX])
{
    struct replacing r = {.path = path, .error = error};
    int fd = open(from, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return failed(&r, from);
    bool fine = begin(&r) && finish(&r, copy(&r, fd, from));
    close(fd);
    return fine;
}
