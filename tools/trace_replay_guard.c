/* tools/trace_replay_guard.c -- see trace_replay_guard.h
 *
 * The handler runs in the middle of code that has failed: it calls nothing but write and _exit.
 */
#include "tools/trace_replay_guard.h"
#include "tools/output.h"
#include <signal.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

enum { FAILED = 1, DIGITS_MAX = 20, STACK_BYTES = 64 << 10 };

static const struct {
    int number;
    const char *name;
} signals[] = {{SIGABRT, "SIGABRT: an assertion, or memory that is not as it was"},
               {SIGSEGV, "SIGSEGV"},
               {SIGBUS, "SIGBUS"},
               {SIGFPE, "SIGFPE"},
               {SIGILL, "SIGILL"}};
enum { SIGNALS = sizeof signals / sizeof *signals };

static struct sigaction before[SIGNALS];
static const char *volatile at_what = "", *volatile at_whom;
static volatile uint64_t at_number;

static void put(const char *text)
{
    size_t length = strlen(text);
    while (length) {
        ssize_t n = write(STDOUT_FILENO, text, length);
        if (n <= 0)
            return;
        text += n;
        length -= (size_t)n;
    }
}

static void put_number(uint64_t n)
{
    char digits[DIGITS_MAX + 1], *at = digits + DIGITS_MAX;
    *at = '\0';
    do
        *--at = (char)('0' + n % 10);
    while (n /= 10);
    put(at);
}

static void on_failure(int number)
{
    put("diverged: at ");
    put(at_what);
    put(" ");
    put_number(at_number);
    if (at_whom) {
        put(", in ");
        put(at_whom);
    }
    put(": the replayed code failed (");
    for (unsigned i = 0; i < SIGNALS; i++)
        if (signals[i].number == number)
            put(signals[i].name);
    put("): it was given what it cannot have heard, or the fault is its own\n");
    _exit(FAILED);
}

void replay_guard_begin(void)
{
    static char stack[STACK_BYTES]; /* its own may be what is used up */
    stack_t other = {.ss_sp = stack, .ss_size = sizeof stack};
    struct sigaction action = {.sa_handler = on_failure,
                               .sa_flags = SA_ONSTACK | (int)SA_RESETHAND | SA_NODEFER};
    output_flush();
    sigaltstack(&other, NULL);
    for (unsigned i = 0; i < SIGNALS; i++)
        sigaction(signals[i].number, &action, &before[i]);
}

void replay_guard_at(const char *what, uint64_t number, const char *whom)
{
    at_what = what;
    at_number = number;
    at_whom = whom;
}

void replay_guard_end(void)
{
    for (unsigned i = 0; i < SIGNALS; i++)
        sigaction(signals[i].number, &before[i], NULL);
}
