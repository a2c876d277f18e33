/* tests/test_trace_alive.c -- whether the program that a trace names is still there. */
#include "tools/trace_alive.h"
#include "runtime/ticks.h"
#include "tests/check.h"
#include <sys/wait.h>
#include <unistd.h>

static struct trace_about about_of(pid_t process, uint64_t clock_ns)
{
    return (struct trace_about){.process = (uint32_t)process, .clock_ns = clock_ns};
}

static void test_who_runs_is_not_gone(void)
{
    struct trace_about a = about_of(getpid(), monotonic_ns());
    CHECK(!trace_program_is_gone(&a));
}

/* The trace is older than the process that has its number. */
static void test_the_number_was_given_again(void)
{
    struct trace_about a = about_of(getpid(), 1);
    CHECK(trace_program_is_gone(&a));
}

static void test_who_has_ended_is_gone(void)
{
    pid_t child = fork();
    if (child == 0)
        _exit(0);
    struct trace_about a = about_of(child, monotonic_ns());
    siginfo_t info;
    CHECK_UINT(waitid(P_PID, (id_t)child, &info, WEXITED | WNOWAIT), 0);
    CHECK(trace_program_is_gone(&a)); /* nobody has asked for its status yet */
    CHECK(waitpid(child, NULL, 0) == child);
    CHECK(trace_program_is_gone(&a));
}

static void test_numbers_that_no_process_has(void)
{
    struct trace_about none = about_of(0, 1), all = about_of(-1, 1);
    CHECK(!trace_program_is_gone(&none));
    CHECK(!trace_program_is_gone(&all));
}

CU_TestInfo trace_alive_tests[] = {
    {"who runs is not gone", test_who_runs_is_not_gone},
    {"the number was given again", test_the_number_was_given_again},
    {"who has ended is gone", test_who_has_ended_is_gone},
    {"numbers that no process has", test_numbers_that_no_process_has},
    CU_TEST_INFO_NULL,
};
