/* tools/trace_replace.c -- see trace_replace.h */
#include "tools/trace_replace.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool say_failed(char *error, const char *name)
{
    snprintf(error, REPLACE_ERROR_MAX, "%s: %s", name, strerror(errno));
    return false;
}

/* ---- what is to be written ------------------------------------------------------------------- */

/* What the link at `path` says, seen from where it lies. False: errno; it is too long. */
static bool follow_one(char path[PATH_MAX], const char *link)
{
    const char *slash = strrchr(path, '/');
    size_t before = *link != '/' && slash ? (size_t)(slash - path) + 1 : 0;
    size_t length = strlen(link) + 1;
    errno = ENAMETOOLONG;
    if (before + length > PATH_MAX)
        return false;
    memcpy(path + before, link, length);
    return true;
}

/* Also to what is not there yet. False: errno. */
static bool follow(char path[PATH_MAX])
{
    enum { LINKS_MAX = 40 };
    char link[PATH_MAX];
    for (unsigned links = 0; links < LINKS_MAX; links++) {
        ssize_t n = readlink(path, link, sizeof link - 1);
        if (n < 0) /* it is no link, or there is nothing: whoever opens it says what is wrong */
            return true;
        link[n] = '\0';
        if (!follow_one(path, link))
            return false;
    }
    errno = ELOOP;
    return false;
}

/* What /dev/stdout leads to may have no name: what is no file is opened as it was named. */
bool trace_replace_target(const char *path, struct replace_target *t, char error[REPLACE_ERROR_MAX])
{
    struct stat was;
    bool exists = stat(path, &was) == 0;
    t->into = exists && !S_ISREG(was.st_mode);
    t->mode = exists ? was.st_mode & 07777 : 0600;
    errno = ENAMETOOLONG;
    if (strlen(path) >= sizeof t->path)
        return say_failed(error, path);
    strcpy(t->path, path);
    return t->into || follow(t->path) || say_failed(error, path);
}

/* ---- writing --------------------------------------------------------------------------------- */

struct replacing {
    const char *path; /* as it was given */
    struct replace_target target;
    char beside[PATH_MAX]; /* that is written to: the target itself if it is no file */
    int fd;
    char *error;
};

static bool failed(const struct replacing *r, const char *name)
{
    return say_failed(r->error, name);
}

static bool open_target(struct replacing *r)
{
    strcpy(r->beside, r->target.path);
    r->fd = open(r->beside, O_WRONLY | O_CLOEXEC);
    return r->fd >= 0 || failed(r, r->path);
}

/* With its mode, whatever the umask is. */
static bool open_beside(struct replacing *r)
{
    int n = snprintf(r->beside, sizeof r->beside, "%s.new-%ld", r->target.path, (long)getpid());
    if (n < 0 || (size_t)n >= sizeof r->beside) {
        errno = ENAMETOOLONG;
        return failed(r, r->path);
    }
    r->fd = open(r->beside, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, r->target.mode);
    if (r->fd < 0)
        return failed(r, r->beside);
    if (fchmod(r->fd, r->target.mode) == 0)
        return true;
    failed(r, r->beside);
    close(r->fd);
    unlink(r->beside);
    return false;
}

static bool begin(struct replacing *r)
{
    return trace_replace_target(r->path, &r->target, r->error) &&
           (r->target.into ? open_target(r) : open_beside(r));
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
    if (fine && !r->target.into && fsync(r->fd) != 0)
        fine = failed(r, r->beside);
    if (close(r->fd) != 0 && fine)
        fine = failed(r, r->beside);
    if (r->target.into)
        return fine;
    if (fine && rename(r->beside, r->target.path) != 0)
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
