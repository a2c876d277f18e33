/* tools/recording_store.c -- see recording_store.h */
#include "tools/recording_store.h"
#include "tools/recording_units.h"
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    PIPE_WAIT_MS = 100,
    /* Writing past the page cache costs a fraction of the CPU time (0.1 to 0.2 ns a byte for 0.5 to 2.8), but in
     * whole blocks only (TRACE_OUT_ALIGNED), and only in large pieces. */
    DIRECT_LEAST = 64 << 10,
};

static bool has_parts(const struct recording_store *s)
{
    return s->part_bytes_max || s->part_ns_max;
}

void recording_store_name(const struct recording_store *s, uint32_t part, char out[TRACE_PATH_MAX])
{
    if (has_parts(s))
        trace_part_name(s->path, part + 1, out);
    else
        snprintf(out, TRACE_PATH_MAX, "%s", s->path);
}

/* Of programs that begin at once the others find an empty file, too: it is his who locks it first. Then comes the look
 * at its size, for who wrote it may have ended. Where files cannot be locked nobody is kept out. */
static bool is_anothers(int fd)
{
    return flock(fd, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK;
}

/* A descriptor; -1: errno. It holds others' secrets: nobody else may read it. A pipe waits here for its reader,
 * and never again. */
static int open_file(struct recording_store *s, const char *name)
{
    enum { WAYS = O_WRONLY | O_APPEND | O_CLOEXEC };
    struct stat st;
    int fd = open(name, WAYS | O_CREAT | O_EXCL, 0600);
    s->created = fd >= 0;
    if (fd < 0 && errno == EEXIST)
        fd = open(name, WAYS);
    if (fd < 0)
        return -1;
    bool taken = is_anothers(fd);
    s->regular = fstat(fd, &st) == 0 && S_ISREG(st.st_mode);
    if (s->regular && (taken || st.st_size > 0)) {
        close(fd);
        errno = EEXIST;
        return -1;
    }
    if (!s->regular)
        (void)fcntl(fd, F_SETFL, O_NONBLOCK | O_APPEND);
    return fd;
}

static int open_part(struct recording_store *s)
{
    char name[TRACE_PATH_MAX];
    recording_store_name(s, s->part, name);
    s->fd = open_file(s, name);
    s->bytes = s->sent = s->tail[0] = s->tail[1] = 0;
    if (s->fd < 0)
        return errno;
    s->direct = s->regular ? open(name, O_WRONLY | O_APPEND | O_CLOEXEC | O_DIRECT) : -1;
    return 0;
}

/* A reader would take what is there of another trace for parts of this one. */
static bool is_taken(const struct recording_store *s)
{
    return has_parts(s) && (access(s->path, F_OK) == 0 || trace_part_after(s->path, 0));
}

int recording_store_open(struct recording_store *s, uint64_t now_ns)
{
    s->fd = s->direct = -1;
    s->part = 0;
    s->began_ns = now_ns;
    return s->error = is_taken(s) ? EEXIST : open_part(s);
}

bool recording_store_is_full(const struct recording_store *s, size_t more, uint64_t now_ns)
{
    return s->bytes + more && ((s->part_bytes_max && s->bytes + more >= s->part_bytes_max) ||
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

static bool wait_for_reader(int fd, int ms)
{
    struct pollfd p = {.fd = fd, .events = POLLOUT};
    return poll(&p, 1, ms) > 0;
}

/* Returns how many bytes were written; when not all, errno says why. A pipe that was full before is not waited for:
 * who waits takes nothing from the rings. */
static size_t write_some(const struct recording_store *s, int fd, const uint8_t *bytes,
                         size_t length)
{
    int ms = s->error == EAGAIN ? 0 : PIPE_WAIT_MS;
    size_t written = 0;
    while (written < length) {
        ssize_t n = write(fd, bytes + written, length - written);
        if (n > 0)
            written += (size_t)n;
        else if (n == 0 || (errno != EINTR && (errno != EAGAIN || !wait_for_reader(fd, ms))))
            break;
    }
    return written;
}

/* Blocks only. A file system that does not want them so is not asked again. */
static size_t write_direct(struct recording_store *s, const uint8_t *bytes, size_t length)
{
    size_t written = write_some(s, s->direct, bytes, length);
    if (written < length && errno == EINVAL) {
        close(s->direct);
        s->direct = -1;
    }
    return written;
}

static bool is_aligned(const uint8_t *bytes)
{
    return ((uintptr_t)bytes & (TRACE_OUT_ALIGNED - 1)) == 0;
}

/* What stands between the file's end and the next block, then blocks, then the rest. */
static size_t write_mixed(struct recording_store *s, const uint8_t *bytes, size_t length)
{
    size_t to_block = -s->bytes & (TRACE_OUT_ALIGNED - 1), written = 0;
    if (s->direct < 0 || length < DIRECT_LEAST + to_block || !is_aligned(bytes + to_block))
        return write_some(s, s->fd, bytes, length);
    written = write_some(s, s->fd, bytes, to_block);
    if (written < to_block)
        return written;
    size_t blocks = (length - written) & ~(size_t)(TRACE_OUT_ALIGNED - 1);
    size_t n = write_direct(s, bytes + written, blocks);
    written += n;
    if (n < blocks && s->direct >= 0)
        return written;
    return written + write_some(s, s->fd, bytes + written, length - written);
}

/* What is there of a frame that was not written whole. From a file it is taken away again, or the frame follows it once
 * more, whole; of a pipe it is what goes on, unless its reader has left, with it. */
static size_t left_of_torn(struct recording_store *s, size_t torn)
{
    s->reader_left = !s->regular && s->error == EPIPE;
    if (torn && s->regular && ftruncate(s->fd, (off_t)s->bytes) != 0)
        s->bytes += torn;
    return s->regular || s->reader_left ? 0 : torn;
}

/* A frame ends where something was appended. */
static void remember_tail(struct recording_store *s)
{
    if (s->bytes - s->tail[1] < RECORDING_TAIL_BYTES)
        return;
    s->tail[0] = s->tail[1];
    s->tail[1] = s->bytes;
}

size_t recording_store_append(struct recording_store *s, const uint8_t *bytes, size_t length)
{
    if (s->fd < 0 && (s->error = open_part(s)))
        return 0;
    errno = EIO;
    size_t written = s->sent + write_mixed(s, bytes + s->sent, length - s->sent);
    s->error = written == length ? 0 : errno;
    size_t whole = s->error ? recording_units_whole(bytes, written) : written;
    s->bytes += whole - s->sent;
    s->sent = left_of_torn(s, written - whole);
    s->bytes += s->sent;
    remember_tail(s);
    return whole;
}

/* What stands from the tail on, appended to `out`. */
static bool read_tail(const struct recording_store *s, struct trace_out *out)
{
    char name[TRACE_PATH_MAX];
    size_t length = (size_t)(s->bytes - s->tail[0]);
    recording_store_name(s, s->part, name);
    int fd = open(name, O_RDONLY | O_CLOEXEC);
    ssize_t n = fd < 0 ? -1 : pread(fd, trace_out_room(out, length), length, (off_t)s->tail[0]);
    if (fd >= 0)
        close(fd);
    return n >= 0 && (size_t)n == length;
}

bool recording_store_cut(struct recording_store *s, size_t least, struct trace_out *frames)
{
    size_t length = (size_t)(s->bytes - s->tail[0]);
    if (s->fd < 0 || !s->regular || !read_tail(s, frames))
        return false;
    uint8_t *tail = frames->bytes + frames->length;
    size_t kept = recording_units_last(tail, length, least);
    if (kept == length || ftruncate(s->fd, (off_t)(s->tail[0] + kept)) != 0)
        return false;
    memmove(tail, tail + kept, length - kept);
    frames->length += length - kept;
    s->bytes = s->tail[0] + kept;
    s->tail[1] = s->tail[0];
    return true;
}

void recording_store_close(struct recording_store *s)
{
    if (s->fd >= 0)
        close(s->fd);
    if (s->direct >= 0)
        close(s->direct);
    s->fd = s->direct = -1;
}

void recording_store_remove(struct recording_store *s)
{
    char name[TRACE_PATH_MAX];
    recording_store_name(s, s->part, name);
    if (s->fd >= 0 && s->created)
        (void)unlink(name);
    else if (s->fd >= 0 && s->regular)
        (void)!ftruncate(s->fd, 0);
    recording_store_close(s);
}
