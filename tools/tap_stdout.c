/* tools/tap_stdout.c -- see tap_stdout.h
 *
 * The descriptor may be shared with others (a shell's terminal), so it is asked whether it takes
 * something, and not made non-blocking. A pipe that says so takes PIPE_BUF bytes for sure.
 */
#include "tools/tap_stdout.h"
#include "actors/tap.h"
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static long failed(void)
{
    if (errno == EINTR || errno == EAGAIN)
        return 0;
    if (errno != EPIPE)
        fprintf(stderr,
                "intproxy-wire tap: standard output: %s; bytes are passed on all the same\n",
                strerror(errno));
    return TAP_READER_GONE;
}

long tap_stdout_write(const char *bytes, size_t length)
{
    struct pollfd out = {.fd = STDOUT_FILENO, .events = POLLOUT};
    int ready = poll(&out, 1, 0);
    if (ready <= 0)
        return ready == 0 ? 0 : failed();
    ssize_t n = write(STDOUT_FILENO, bytes, length < PIPE_BUF ? length : PIPE_BUF);
    return n >= 0 ? n : failed();
}
