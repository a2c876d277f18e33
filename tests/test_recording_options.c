/* tests/test_recording_options.c -- the command line as a trace has it. */
#include "tools/recording_options.h"
#include "tests/check.h"
#include <stdlib.h>

#define CHECK_LINE(expected, ...)                                                                  \
    check_line(expected, (int)(sizeof(const char *[]){__VA_ARGS__} / sizeof(char *)),              \
               (const char *[]){__VA_ARGS__})

static void check_line(const char *expected, int argc, const char **argv)
{
    char *line = recording_command_line(argc, (char **)(uintptr_t)argv); /* it does not write */
    CHECK_STR(line, expected);
    free(line);
}

static void test_words_as_a_shell_takes_them(void)
{
    CHECK_LINE("", "intproxyd");
    CHECK_LINE("-R 80:81 --x 'a b' '' 'it'\\''s'", "intproxyd", "-R", "80:81", "--x", "a b", "",
               "it's");
}

static void test_filters_are_hidden(void)
{
    CHECK_LINE("--header-filter [hidden] --path-filter [hidden] --any-of", "intproxyd",
               "--header-filter", "x-user: s", "--path-filter", "token=s", "--any-of");
    CHECK_LINE("--header-filter=[hidden] --path-filter=[hidden] x", "intproxyd",
               "--header-filter=x-user: s", "--path-filter=token=s", "x");
    CHECK_LINE("--path-filter [hidden] --header-filter [hidden]", "intproxyd", "--path-filter",
               "--header-filter", "--header-filter", "s");
    CHECK_LINE("--method-filter GET --path-filters s", "intproxyd", "--method-filter", "GET",
               "--path-filters", "s");
    CHECK_LINE("--path-filter", "intproxyd", "--path-filter");
}

CU_TestInfo recording_options_tests[] = {
    {"words, as a shell takes them", test_words_as_a_shell_takes_them},
    {"the values of filters are hidden", test_filters_are_hidden},
    CU_TEST_INFO_NULL,
};
