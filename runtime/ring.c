/* runtime/ring.c -- the memory of a ring; see ring.h */
#include "runtime/ring.h"
#include <errno.h>
#include <sys/mman.h>
#include <unistd.h>

static size_t room_for(size_t bytes)
{
    size_t room = (size_t)sysconf(_SC_PAGESIZE);
    while (room < bytes && room <= SIZE_MAX / 4) /* of what is too large, map says so */
        room *= 2;
    return room;
}

/* Whole huge pages: one in twenty entries would begin on another small page, and in a virtual machine the way to a page
 * that the processor has forgotten is long. */
enum { HUGE_PAGE = 2 << 20 };

static size_t mapped_bytes(const struct ring *r)
{
    return r->size * 2 + HUGE_PAGE;
}

/* What is never touched costs addresses only. */
static int map(struct ring *r)
{
    enum { WAYS = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE };
    if (r->size > SIZE_MAX / 4)
        return ENOMEM;
    r->mapping = mmap(NULL, mapped_bytes(r), PROT_READ | PROT_WRITE, WAYS, -1, 0);
    if (r->mapping == MAP_FAILED)
        return errno;
    r->memory = (uint8_t *)r->mapping + (-(uintptr_t)r->mapping & (HUGE_PAGE - 1));
    (void)madvise(r->memory, r->size, MADV_HUGEPAGE); /* a kernel without goes on with small ones */
    return 0;
}

int ring_create(struct ring *r, size_t bytes, bool keeps)
{
    atomic_init(&r->published, 0);
    atomic_init(&r->released, 0);
    r->released_seen = r->published_seen = 0;
    r->size = room_for(bytes);
    r->kept = keeps ? r->size / 2 : 0;
    r->room = r->size - r->kept;
    int error = map(r);
    r->to_read = r->memory;
    r->to_read_size = r->size;
    return error;
}

void ring_destroy(struct ring *r)
{
    munmap(r->mapping, mapped_bytes(r));
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
