/* tests/bench/load_wire.c -- the growing store between a socket and the wire primitives. */
#include "tests/bench/load_wire.h"
#include "tests/bench/load.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

enum { READ_ROOM_BYTES = 256 * 1024, FIRST_ROOM_BYTES = 1024 * 1024 };

void buffer_grow(struct buffer *b, size_t more_bytes)
{
    size_t wanted = 2 * (b->len + more_bytes);

    b->room = wanted < FIRST_ROOM_BYTES ? FIRST_ROOM_BYTES : wanted;
    b->bytes = realloc(b->bytes, b->room);
    if (!b->bytes)
        load_die("out of memory");
}

bool buffer_fill(struct buffer *b, int fd)
{
    ssize_t n;

    if (b->at) {
        b->len -= b->at;
        memmove(b->bytes, b->bytes + b->at, b->len);
        b->at = 0;
    }
    if (b->room - b->len < READ_ROOM_BYTES)
        buffer_grow(b, READ_ROOM_BYTES);
    n = read(fd, b->bytes + b->len, b->room - b->len);
    if (n > 0)
        b->len += (size_t)n;
    return n > 0 || (n < 0 && errno == EAGAIN);
}

bool buffer_drain(struct buffer *b, int fd)
{
    while (b->at < b->len) {
        ssize_t n = write(fd, b->bytes + b->at, b->len - b->at);

        if (n < 0)
            return errno == EAGAIN;
        b->at += (size_t)n;
    }
    b->at = b->len = 0;
    return true;
}
