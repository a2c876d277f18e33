/* tools/recording_flight.c -- see recording_flight.h */
#include "tools/recording_flight.h"
#include "runtime/heap.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { PIECES = 16, PIECE_BYTES_MAX = 128 << 10, PIECE_BYTES_MIN = 4 << 10 };

struct flight_piece {
    struct flight_piece *next;
    uint64_t first_sequence;
    uint64_t oldest_ns, newest_ns;
    size_t length, room;
    uint8_t bytes[];
};

static size_t piece_bytes(const struct recording_flight *f)
{
    size_t bytes = f->bytes_max / PIECES;
    return bytes < PIECE_BYTES_MIN   ? PIECE_BYTES_MIN
           : bytes > PIECE_BYTES_MAX ? PIECE_BYTES_MAX
                                     : bytes;
}

/* One is kept for the next: memory that the kernel takes back and gives again costs more than what is written
 * to it. */
static void drop_oldest(struct recording_flight *f)
{
    struct flight_piece *p = f->oldest;
    f->oldest = p->next;
    if (!f->oldest)
        f->newest = NULL;
    f->bytes -= sizeof *p + p->room;
    free(f->spare);
    f->spare = p;
}

static struct flight_piece *take_spare(struct recording_flight *f, size_t room)
{
    struct flight_piece *p = f->spare;
    if (!p || p->room != room)
        return NULL;
    f->spare = NULL;
    return p;
}

static struct flight_piece *begin_piece(struct recording_flight *f, size_t length,
                                        uint64_t first_sequence, uint64_t now_ns)
{
    size_t usual = piece_bytes(f) - sizeof(struct flight_piece);
    size_t room = length > usual ? length : usual;
    while (f->oldest && f->bytes + sizeof *f->oldest + room > f->bytes_max) {
        f->crowded_out_ns = f->oldest->newest_ns;
        drop_oldest(f);
    }
    struct flight_piece *p = take_spare(f, room);
    if (!p && !(p = malloc(sizeof *p + room)))
        heap_exhausted("a trace in memory", room);
    *p = (struct flight_piece){
        .room = room, .first_sequence = first_sequence, .oldest_ns = now_ns, .newest_ns = now_ns};
    f->bytes += sizeof *p + room;
    if (f->newest)
        f->newest->next = p;
    else
        f->oldest = p;
    return f->newest = p;
}

static bool has_room(const struct recording_flight *f, size_t length, uint64_t now_ns)
{
    const struct flight_piece *p = f->newest;
    return p && p->room - p->length >= length && now_ns - p->oldest_ns <= f->last_ns / PIECES;
}

void recording_flight_trim(struct recording_flight *f, uint64_t now_ns)
{
    while (f->oldest && f->oldest->newest_ns + f->last_ns < now_ns)
        drop_oldest(f);
}

void recording_flight_append(struct recording_flight *f, const uint8_t *bytes, size_t length,
                             uint64_t first_sequence, uint64_t now_ns)
{
    if (!length)
        return;
    struct flight_piece *p =
        has_room(f, length, now_ns) ? f->newest : begin_piece(f, length, first_sequence, now_ns);
    memcpy(p->bytes + p->length, bytes, length);
    p->newest_ns = now_ns;
    p->length += length;
    recording_flight_trim(f, now_ns);
}

uint64_t recording_flight_first(const struct recording_flight *f)
{
    return f->oldest ? f->oldest->first_sequence : UINT64_MAX;
}

bool recording_flight_is_short(const struct recording_flight *f, uint64_t now_ns, uint64_t *kept_ns)
{
    *kept_ns = f->oldest ? now_ns - f->oldest->oldest_ns : 0;
    return f->crowded_out_ns && f->crowded_out_ns + f->last_ns >= now_ns;
}

bool recording_write_all(int fd, const uint8_t *bytes, size_t length)
{
    while (length) {
        ssize_t n = write(fd, bytes, length);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0) {
            errno = n ? errno : EIO;
            return false;
        }
        bytes += n;
        length -= (size_t)n;
    }
    return true;
}

bool recording_flight_write(const struct recording_flight *f, int fd)
{
    for (const struct flight_piece *p = f->oldest; p; p = p->next)
        if (!recording_write_all(fd, p->bytes, p->length))
            return false;
    return true;
}

void recording_flight_free(struct recording_flight *f)
{
    while (f->oldest)
        drop_oldest(f);
    free(f->spare);
    f->spare = NULL;
}
