/* runtime/ring.c -- the memory of a ring; see ring.h */
#include "runtime/ring.h"
#include <errno.h>
#include <sys/mman.h>
#include <unistd.h>

static size_t room_for(size_t bytes)
{
    size_t room = (size_t)sysconf(_SC_PAGESIZE);
    while (room < bytes && room <= SIZE_MAX / 4) /* of what is too large, mmap says so */
        room *= 2;
    return room;
}

static bool map_at(uint8_t *at, size_t size, int fd)
{
    return mmap(at, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, fd, 0) != MAP_FAILED;
}

/* The addresses first, then the same pages at both halves of them. */
static int map_twice(struct ring *r, int fd)
{
    void *both = mmap(NULL, r->size * 2, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (both == MAP_FAILED)
        return errno;
    r->memory = both;
    if (map_at(r->memory, r->size, fd) && map_at(r->memory + r->size, r->size, fd))
        return 0;
    int error = errno;
    munmap(both, r->size * 2);
    return error;
}

int ring_create(struct ring *r, size_t bytes, bool keeps)
{
    atomic_init(&r->published, 0);
    atomic_init(&r->released, 0);
    r->released_seen = r->published_seen = 0;
    r->size = room_for(bytes);
    r->kept = keeps ? r->size / 2 : 0;
    r->room = r->size - r->kept;
    int fd = memfd_create("ring", MFD_CLOEXEC);
    if (fd < 0)
        return errno;
    int error = ftruncate(fd, (off_t)r->size) ? errno : map_twice(r, fd);
    close(fd);
    r->to_read = r->memory;
    r->to_read_size = r->size;
    return error;
}

void ring_destroy(struct ring *r)
{
    munmap(r->memory, r->size * 2);
}

enum { TOUCH_MOST = 64 << 20 }; /* more takes long, and what is recorded meanwhile has to wait */

/* A kernel that cannot do it (before 5.14) does it page by page, later. */
void ring_touch(struct ring *r)
{
#ifdef MADV_POPULATE_WRITE
    (void)madvise(r->memory, r->size < TOUCH_MOST ? r->size : TOUCH_MOST, MADV_POPULATE_WRITE);
#else
    (void)r;
#endif
}
