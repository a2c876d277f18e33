/* tests/test_settings_text.c -- settings as texts, and the same again from them. */
#include "actors/settings_text.h"
#include "actors/destinations.h"
#include "runtime/log.h"
#include "tests/check.h"
#include <stdlib.h>

static struct settings some;
static struct agent_settings inside;

static struct address at(const char *text)
{
    struct address a;
    char error[160];
    CHECK(address_parse(&a, text, error));
    return a;
}

static uint16_t destination_at(const char *text)
{
    struct address a = at(text);
    return destination_add(&a);
}

/* Each field has another value than by default. */
static void fill(void)
{
    destinations_clear();
    settings_default(&some);
    some.agent = at("[2001:db8::1]:61337");
    some.subscriptions[0] = (struct subscription){80, destination_at("127.0.0.1:8080")};
    some.subscriptions[1] = (struct subscription){65535, destination_at("unix:/run/a socket")};
    some.subscriptions[2] = (struct subscription){81, 0};
    some.subscription_count = 3;
    some.mirror = some.any_of = some.no_retry = some.standalone = true;
    some.filters[0] = (struct filter){FILTER_HEADER, "^x-user: \"me\"\n$"};
    some.filters[1] = (struct filter){FILTER_PATH, ""};
    some.filters[2] = (struct filter){FILTER_METHOD, "GET"};
    some.filter_count = 3;
    some.announce.ordinal = 4711;
    some.workers = 14;
    some.seed = UINT64_MAX;
    some.agent_message_max = 1;
    some.collect_max = 2;
    some.spool_max = 3;
    some.spool_total_max = UINT64_MAX - 1;
    some.local_connections_max = UINT32_MAX;
    some.spool_dir = "/var/spool with blanks";
    memset(&inside, 0, sizeof inside);
    inside.listen = at("0.0.0.0:61337");
    inside.ports[0] =
        (struct agent_port_setting){at("127.0.0.1:8000"), destination_at("127.0.0.1:8001")};
    inside.ports[1] = (struct agent_port_setting){at("[::]:8002"), 0};
    inside.port_count = 2;
    inside.version.ordinal = 99;
    strcpy(inside.version_text, "1.2.3-rc");
    inside.answer = AGENT_ANSWER_NONE;
    inside.lose_body_end = true;
    inside.message_max = 77;
    log_settings.level = LOG_DEBUG;
}

static char *joined(const struct trace_setting *texts)
{
    char *text = NULL;
    size_t length;
    FILE *out = open_memstream(&text, &length);
    for (; texts->name; texts++)
        fprintf(out, "%s=%s\n", texts->name, texts->value);
    fclose(out);
    return text;
}

static void test_out_and_in_again(void)
{
    char error[SETTINGS_ERROR_MAX] = "";
    enum log_level level = log_settings.level;
    fill();
    struct trace_setting *texts = settings_texts(&some, &inside);
    char *before = joined(texts);
    log_settings.level = LOG_ERROR;
    destinations_clear();
    CHECK(settings_take(texts, error));
    CHECK_STR(error, "");
    CHECK_UINT(log_settings.level, LOG_DEBUG);
    struct trace_setting *again = settings_texts(settings, agent_settings);
    char *after = joined(again);
    CHECK_STR(after, before);
    CHECK_UINT(settings->seed, UINT64_MAX);
    CHECK_UINT(settings->workers, 14);
    CHECK(settings->mirror && settings->any_of && settings->no_retry && settings->standalone);
    CHECK_UINT(settings->subscriptions[1].port, 65535);
    CHECK_STR(settings->filters[0].text, some.filters[0].text);
    CHECK_STR(settings->spool_dir, some.spool_dir);
    CHECK_UINT(agent_settings->answer, AGENT_ANSWER_NONE);
    CHECK_UINT(agent_settings->ports[1].listen.port, 8002);
    CHECK_STR(agent_settings->version_text, "1.2.3-rc");
    settings_texts_free(again);
    settings_texts_free(texts);
    free(before);
    free(after);
    settings = NULL;
    agent_settings = NULL;
    log_settings.level = level;
}

/* Whatever is added to the structs must be in the texts: equal bytes, pointers aside. */
static void test_nothing_of_the_structs_is_forgotten(void)
{
    char error[SETTINGS_ERROR_MAX];
    enum log_level level = log_settings.level;
    struct settings a, b;
    fill();
    struct trace_setting *texts = settings_texts(&some, &inside);
    CHECK(settings_take(texts, error));
    a = some;
    b = *settings;
    for (unsigned i = 0; i < 3; i++)
        a.filters[i].text = b.filters[i].text = NULL;
    a.spool_dir = b.spool_dir = NULL;
    CHECK(a.workers == b.workers && a.spool_total_max == b.spool_total_max);
    CHECK(memcmp(&a.announce, &b.announce, sizeof a - offsetof(struct settings, announce)) == 0);
    CHECK(memcmp(&a.subscriptions, &b.subscriptions, sizeof a.subscriptions) == 0);
    CHECK(memcmp(&inside.version, &agent_settings->version,
                 sizeof inside - offsetof(struct agent_settings, version)) == 0);
    settings_texts_free(texts);
    settings = NULL;
    agent_settings = NULL;
    log_settings.level = level;
}

static void test_a_program_without_the_one_or_the_other(void)
{
    fill();
    struct trace_setting *texts = settings_texts(NULL, &inside);
    char *text = joined(texts);
    CHECK(strstr(text, "\nagent=") == NULL && strstr(text, ".listen=") != NULL);
    free(text);
    settings_texts_free(texts);
    texts = settings_texts(&some, NULL);
    text = joined(texts);
    CHECK(strstr(text, "\nagent=") != NULL && strstr(text, ".listen=") == NULL);
    free(text);
    settings_texts_free(texts);
    settings_texts_free(NULL);
}

static bool takes(const char *name, const char *value, char error[SETTINGS_ERROR_MAX])
{
    const struct trace_setting texts[] = {
        {"destination", "127.0.0.1:80"}, {name, value}, {NULL, NULL}};
    enum log_level level = log_settings.level;
    bool taken = settings_take(texts, error);
    log_settings.level = level;
    settings = NULL;
    agent_settings = NULL;
    return taken;
}

static void test_bad_ones_are_refused(void)
{
    static const char *const bad[][2] = {
        {"log_level", "9"},
        {"log_level", "-1"},
        {"log_level", ""},
        {"destination", "nowhere"},
        {"destination", "127.0.0.1:80"}, /* twice */
        {"agent", ""},
        {"agent", "127.0.0.1"},
        {"agent", "127.0.0.1:99999"},
        {"subscription", "80"},
        {"subscription", "80 1"},
        {"subscription", "80 -0"},
        {"subscription", "65536 0"},
        {"subscription", "80  0"},
        {"subscription", "80 0 "},
        {"subscription", " 80 0"},
        {"mirror", "2"},
        {"mirror", "true"},
        {"any_of", ""},
        {"standalone", "0x1"},
        {"workers", "0"},
        {"workers", "15"},
        {"workers", "4294967297"},
        {"seed", "18446744073709551616"},
        {"seed", "+1"},
        {"seed", " 1"},
        {"seed", "1 "},
        {"seed", "-1"},
        {"local_connections_max", "4294967296"},
        {".port", "0"},
        {".port", "1 127.0.0.1:1"},
        {".port", "0 nowhere"},
        {".listen", "x"},
        {".answer", "3"},
        {".lose_body_end", "2"},
        {".message_max", "many"},
        {".version", "1.2"},
        {"announce", "newest"},
        {".version_text",
         "a version whose text is longer than the room that there is for it, by far"},
    };
    for (unsigned i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        char error[SETTINGS_ERROR_MAX] = "", want[200];
        if (takes(bad[i][0], bad[i][1], error))
            printf("\n    %s=\"%s\" was taken\n", bad[i][0], bad[i][1]);
        snprintf(want, sizeof want, "the setting %s cannot be \"%s\"", bad[i][0], bad[i][1]);
        CHECK_STR(error, want);
    }
}

static void test_lists_have_an_end(void)
{
    char error[SETTINGS_ERROR_MAX];
    static const struct {
        const char *name, *value;
        unsigned most;
    } lists[] = {{"subscription", "80 0", SUBSCRIPTIONS_MAX},
                 {"path_filter", "x", FILTERS_MAX},
                 {".port", "0 127.0.0.1:1", AGENT_PORTS_MAX}};
    for (unsigned l = 0; l < 3; l++) {
        struct trace_setting texts[SUBSCRIPTIONS_MAX + 4] = {{"destination", "127.0.0.1:80"}};
        for (unsigned i = 0; i <= lists[l].most; i++)
            texts[i + 1] = (struct trace_setting){lists[l].name, lists[l].value};
        CHECK(!settings_take(texts, error));
        texts[lists[l].most + 1] = (struct trace_setting){NULL, NULL};
        CHECK(settings_take(texts, error));
    }
    settings = NULL;
    agent_settings = NULL;
}

static void test_names_of_a_newer_build_are_passed_over(void)
{
    char error[SETTINGS_ERROR_MAX];
    CHECK(takes("moon", "full", error));
    CHECK(takes(".moon", "full", error));
    CHECK(takes("", "", error));
}

static void test_what_is_refused_changes_no_settings(void)
{
    char error[SETTINGS_ERROR_MAX];
    const struct trace_setting texts[] = {{"workers", "3"}, {"seed", "x"}, {NULL, NULL}};
    settings = &some;
    agent_settings = &inside;
    CHECK(!settings_take(texts, error));
    CHECK(settings == &some && agent_settings == &inside);
    settings = NULL;
    agent_settings = NULL;
}

CU_TestInfo settings_text_tests[] = {
    {"out and in again", test_out_and_in_again},
    {"nothing of the structs is forgotten", test_nothing_of_the_structs_is_forgotten},
    {"a program without the one or the other", test_a_program_without_the_one_or_the_other},
    {"bad ones are refused", test_bad_ones_are_refused},
    {"lists have an end", test_lists_have_an_end},
    {"names of a newer build are passed over", test_names_of_a_newer_build_are_passed_over},
    {"what is refused changes no settings", test_what_is_refused_changes_no_settings},
    CU_TEST_INFO_NULL,
};
