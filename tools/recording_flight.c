/* tools/recording_flight.c -- see recording_flight.h */
#include "tools/recording_flight.h"
#include "runtime/heap.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* What is let go is a piece at a time: the pieces are small beside the whole. */
enum { PIECE_BYTES = 128 << 10 };

struct flight_piece {
    struct flight_piece *next;
    uint64_t newest_ns;
    size_t length, room;
    uint8_t bytes[];
};

static void drop_oldest(struct recording_flight *f)
{
    struct flight_piece *p = f->oldest;
    f->oldest = p->next;
    if (!f->oldest)
        f->newest = NULL;
    f->bytes -= sizeof *p + p->room;
    free(p);
}

static struct flight_piece *begin_piece(struct recording_flight *f, size_t length)
{
    size_t room = length > PIECE_BYTES ? length : PIECE_BYTES;
    struct flight_piece *p = malloc(sizeof *p + room);
    if (!p)
        heap_exhausted("a trace in memory", room);
    *p = (struct flight_piece){.room = room};
    f->bytes += sizeof *p + room;
    if (f->newest)
        f->newest->next = p;
    else
        f->oldest = p;
    return f->newest = p;
}

void recording_flight_append(struct recording_flight *f, const uint8_t *bytes, size_t length,
                             uint64_t now_ns)
{
    struct flight_piece *p = f->newest;
    if (!p || p->room - p->length < length)
        p = begin_piece(f, length);
    memcpy(p->bytes + p->length, bytes, length);
    p->newest_ns = now_ns;
    p->length += length;
    while (f->oldest != f->newest &&
           (f->bytes > f->bytes_max || f->oldest->newest_ns + f->last_ns < now_ns))
        drop_oldest(f);
}

static bool write_all(int fd, const uint8_t *bytes, size_t length)
{
    while (length) {
        ssize_t n = write(fd, bytes, length);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return false;
        bytes += n;
        length -= (size_t)n;
    }
    return true;
}

bool recording_flight_write(const struct recording_flight *f, int fd)
{
    for (const struct flight_piece *p = f->oldest; p; p = p->next)
        if (!write_all(fd, p->bytes, p->length))
            return false;
    return true;
}

void recording_flight_free(struct recording_flight *f)
{
    while (f->oldest)
        drop_oldest(f);
}
