/* tests/main.c -- runs the suites of tests/suites.def and ends with CUnit's summary.
 *
 * usage: unit [--only=SUITE] [--seed=N] [--list]
 */
#include "tests/check.h"
#include <CUnit/Basic.h>
#include <stdlib.h>
#include <time.h>

#define SUITE(x) extern CU_TestInfo x##_tests[];
#include "tests/suites.def"
#undef SUITE

uint64_t test_seed;

struct suite {
    const char *name;
    CU_TestInfo *tests;
};

static const struct suite suites[] = {
#define SUITE(x) {#x, x##_tests},
#include "tests/suites.def"
#undef SUITE
    {NULL, NULL},
};

static int add_suites(const char *only)
{
    int added = 0;
    for (const struct suite *s = suites; s->name; s++) {
        if (only && strcmp(only, s->name) != 0)
            continue;
        char name[64];
        snprintf(name, sizeof name, "%s", s->name);
        CU_SuiteInfo info[] = {{name, NULL, NULL, NULL, NULL, s->tests}, CU_SUITE_INFO_NULL};
        if (CU_register_suites(info) != CUE_SUCCESS) {
            fprintf(stderr, "unit: suite %s: %s\n", s->name, CU_get_error_msg());
            exit(2);
        }
        added++;
    }
    return added;
}

static const char *option(const char *argument, const char *name)
{
    size_t n = strlen(name);
    return strncmp(argument, name, n) == 0 ? argument + n : NULL;
}

int main(int argc, char **argv)
{
    const char *only = NULL, *value;
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    test_seed = (uint64_t)now.tv_sec * 1000003u ^ (uint64_t)now.tv_nsec;
    for (int i = 1; i < argc; i++) {
        if ((value = option(argv[i], "--only=")))
            only = value;
        else if ((value = option(argv[i], "--seed=")))
            test_seed = strtoull(value, NULL, 0);
        else if (!strcmp(argv[i], "--list"))
            for (const struct suite *s = suites; s->name; s++)
                puts(s->name);
        else {
            fprintf(stderr, "usage: unit [--only=SUITE] [--seed=N] [--list]\n");
            return 2;
        }
    }
    setvbuf(stdout, NULL, _IOLBF, 0);
    if (CU_initialize_registry() != CUE_SUCCESS)
        return 2;
    if (!add_suites(only)) {
        fprintf(stderr, "unit: no suite named %s\n", only ? only : "(none)");
        return 2;
    }
    CU_basic_set_mode(CU_BRM_VERBOSE);
    CU_basic_run_tests();
    /* records, not failures: a suite whose setup fails must not pass silently */
    unsigned failed = CU_get_number_of_failure_records();
    if (failed)
        printf("unit: seed %" PRIu64 " (repeat with --seed=%" PRIu64 ")\n", test_seed, test_seed);
    CU_cleanup_registry();
    return failed ? 1 : 0;
}
