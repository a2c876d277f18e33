/* tests/test_trace_rules.c -- the language of rules: what it says, and its mistakes. */
#include "messages/kinds.h"
#include "tests/check.h"
#include "tools/trace_rules.h"

static struct rule_errors errors;

static struct trace_rules *read(const char *text)
{
    struct trace_rules *r = trace_rules_new();
    messages_init();
    errors = (struct rule_errors){0};
    trace_rules_read(r, "rules", text, strlen(text), &errors);
    return r;
}

static struct trace_rules *sound(const char *text)
{
    struct trace_rules *r = read(text);
    CHECK_STR(errors.text, "");
    CHECK_UINT(errors.count, 0);
    return r;
}

static void check_mistake(const char *text, const char *words)
{
    struct trace_rules *r = read(text);
    CHECK_UINT(errors.count, 1);
    CHECK_STR(errors.text, words);
    trace_rules_free(r);
}

static void kinds_and_effects(void)
{
    struct trace_rules *r = sound("# nothing\n"
                                  "\n"
                                  "ignore kind TIMER   # of anybody\n"
                                  "ignore kind DOWN of local_pool\n"
                                  "ignore kind SOCKET_*\r\n"
                                  "\tignore kind \"TcpSteal(Data)\"\n"
                                  "ignore effect l?mit\n"
                                  "ignore effect stop of interceptor");
    CHECK(rules_ignore_kind(r, "TIMER", "interceptor"));
    CHECK(rules_ignore_kind(r, "TIMER", NULL));
    CHECK(!rules_ignore_kind(r, "TIME", "interceptor"));
    CHECK(!rules_ignore_kind(r, "TIMERS", "interceptor"));
    CHECK(rules_ignore_kind(r, "DOWN", "local_pool"));
    CHECK(!rules_ignore_kind(r, "DOWN", "incoming_proxy"));
    CHECK(!rules_ignore_kind(r, "DOWN", NULL));
    CHECK(rules_ignore_kind(r, "SOCKET_END", "x") && !rules_ignore_kind(r, "SOCKET", "x"));
    CHECK(rules_ignore_kind(r, "TcpSteal(Data)", "link_connection"));
    CHECK(rules_ignore_effect(r, "limit", "x") && !rules_ignore_effect(r, "limits", "x"));
    CHECK(rules_ignore_effect(r, "stop", "interceptor"));
    CHECK(!rules_ignore_effect(r, "stop", "agent"));
    CHECK(!rules_ignore_undelivered(r) && !rules_ignore_outside(r, "agent"));
    trace_rules_free(r);
}

static void fields_and_headers(void)
{
    struct trace_rules *r = sound("ignore field serial\n"
                                  "ignore field port of SOCKET_ACCEPTED\n"
                                  "ignore header 'X-*-Id' # and \"\n"
                                  "ignore field \"header X-Other\"\n"
                                  "ignore undelivered\n"
                                  "ignore outside agent\n");
    CHECK(rules_ignore_field(r, "serial", "TIMER"));
    CHECK(rules_ignore_field(r, "port", "SOCKET_ACCEPTED"));
    CHECK(!rules_ignore_field(r, "port", "REQUEST"));
    CHECK(rules_ignore_header(r, "X-Request-Id", 12));
    CHECK(!rules_ignore_header(r, "x-request-ids", 13));
    CHECK(!rules_ignore_header(r, "X-Request-Id", 11));
    CHECK(rules_ignore_field(r, "header x-other", "RESPONSE"));
    CHECK(rules_ignore_undelivered(r));
    CHECK(rules_ignore_outside(r, "agent") && !rules_ignore_outside(r, "agent_link"));
    trace_rules_free(r);
    r = sound("ignore outside");
    CHECK(rules_ignore_outside(r, "agent_link"));
    trace_rules_free(r);
}

static void sets(void)
{
    struct trace_rules *r = sound("unordered headers\n"
                                  "unordered kind AGENT_LOG of agent_session\n"
                                  "once kind Ping\n"
                                  "once effect log\n"
                                  "once actor local_connection\n");
    CHECK(rules_unordered_headers(r));
    CHECK(rules_unordered_kind(r, "AGENT_LOG", "agent_session"));
    CHECK(!rules_unordered_kind(r, "AGENT_LOG", "agent"));
    CHECK(rules_once_kind(r, "Ping", "link_connection") && !rules_once_kind(r, "log", "x"));
    CHECK(rules_once_effect(r, "log", "x") && !rules_once_effect(r, "Ping", "x"));
    CHECK(rules_once_actor(r, "local_connection") && !rules_once_actor(r, "interceptor"));
    trace_rules_free(r);
}

static void tolerances(void)
{
    struct trace_rules *r = sound("tolerate window 10%\n"
                                  "tolerate n 2 of CREDIT\n"
                                  "tolerate time 20ms\n"
                                  "tolerate took 5\n"
                                  "tolerate took any\n");
    CHECK(rules_tolerate(r, "window", "ASSIGN", 100, 110));
    CHECK(rules_tolerate(r, "window", "ASSIGN", 110, 100));
    CHECK(!rules_tolerate(r, "window", "ASSIGN", 100, 112));
    CHECK(rules_tolerate(r, "n", "CREDIT", 3, 5) && !rules_tolerate(r, "n", "TIMER", 3, 5));
    CHECK(rules_tolerate(r, "time", "ASSIGN", 0, 20000));
    CHECK(!rules_tolerate(r, "time", "ASSIGN", 0, 20001));
    CHECK(rules_tolerance_of(r, "time", "ASSIGN"));
    CHECK(rules_tolerate(r, "took", "ASSIGN", 0, 1e9)); /* the last word counts */
    CHECK(!rules_tolerance_of(r, "took", "ASSIGN") && rules_tolerate_some(r, "took", "ASSIGN"));
    CHECK(!rules_tolerate_some(r, "n", "TIMER"));
    CHECK(!rules_tolerance_of(r, "status", "RESPONSE"));
    CHECK(!rules_tolerate(r, "status", "RESPONSE", 200, 200.5));
    trace_rules_free(r);
}

static void mistakes(void)
{
    check_mistake("ignored kind TIMER",
                  "rules:1: no rule begins with \"ignored\", did you mean ignore?: ignore, "
                  "unordered, once or tolerate do\n");
    check_mistake("\n\nignore",
                  "rules:3: ignore what? One of kind, effect, field, header, outside, "
                  "undelivered, where must follow\n");
    check_mistake("once headers",
                  "rules:1: there is no \"once headers\": one of kind, effect, actor must follow "
                  "`once`\n");
    check_mistake("ignore kind", "rules:1: a name must follow `kind`\n");
    check_mistake("ignore kind TIMRE",
                  "rules:1: there is no kind \"TIMRE\", did you mean TIMER?\n");
    check_mistake("ignore effect wrote of agent",
                  "rules:1: there is no effect \"wrote\", did you mean write?\n");
    check_mistake("ignore kind TIMER of agnet_link",
                  "rules:1: there is no type of actor \"agnet_link\", did you mean agent_link?\n");
    check_mistake("ignore kind TIMER off agent",
                  "rules:1: \"off\" is too much here: `of NAME` or nothing may follow\n");
    check_mistake("ignore kind TIMER of", "rules:1: a name must follow `of`\n");
    check_mistake("ignore kind TIMER of agent or", "rules:1: \"or\" is too much here\n");
    check_mistake("ignore undelivered now", "rules:1: \"now\" is too much here\n");
    check_mistake("ignore field \"a", "rules:1: the quotes are not closed\n");
    check_mistake("ignore field \"\\q\"",
                  "rules:1: a \\ in quotes must be followed by one of \" \\ n r t or xNN\n");
    check_mistake("ignore field \"\"", "rules:1: an empty name\n");
    check_mistake("ignore field seriol",
                  "rules:1: there is no field \"seriol\", did you mean serial?\n");
    check_mistake("tolerate windo 5",
                  "rules:1: there is no field \"windo\", did you mean window?\n");
    check_mistake("tolerate window", "rules:1: how much of window is tolerated? Write e.g. 10%, 5, "
                                     "20ms or any\n");
    check_mistake("tolerate window ten",
                  "rules:1: \"ten\" is no tolerance: write e.g. 10%, 5, 20ms "
                  "or any\n");
    check_mistake("tolerate", "rules:1: a name must follow `tolerate`\n");
    check_mistake("ignore where",
                  "rules:1: an expression must follow `where`, e.g. kind == CREDIT && conn == 7\n");
}

/* Whatever is in the quotes. */
static void a_mistake_is_one_line(void)
{
    check_mistake("ignore kind \"\\n \\x7f\"more", "rules:1: there is no kind \"? ?\"\n");
    check_mistake("ignore \x1b[2J",
                  "rules:1: there is no \"ignore ?[2J\": one of kind, effect, field, header, "
                  "outside, undelivered, where must follow `ignore`\n");
}

static void all_mistakes_at_once(void)
{
    struct trace_rules *r = read("ignore kind TIMER\n"
                                 "ignore what\n"
                                 "ignore where knd == TIMER\n"
                                 "tolerate window 10%\n"
                                 "tolerate window x");
    CHECK_UINT(errors.count, 3);
    CHECK(strstr(errors.text, "rules:2: there is no \"ignore what\"") != NULL);
    CHECK(strstr(errors.text, "rules:3: column 1: ") != NULL);
    CHECK(strstr(errors.text, "rules:5: \"x\" is no tolerance") != NULL);
    CHECK(rules_ignore_kind(r, "TIMER", "agent")); /* what was sound holds */
    trace_rules_free(r);
}

static void many_mistakes_are_counted(void)
{
    static char text[100000];
    for (size_t i = 0; i + 8 < sizeof text; i += 8)
        memcpy(text + i, "ignore \n", 9);
    struct trace_rules *r = read(text);
    CHECK_UINT(errors.count, strlen(text) / 8);
    CHECK_UINT(strlen(errors.text), sizeof errors.text - 1);
    trace_rules_free(r);
}

static void defaults_are_sound(void)
{
    struct trace_rules *r = sound(trace_rules_default);
    CHECK(rules_ignore_header(r, "Date", 4));
    CHECK(rules_ignore_field(r, "serial", "SOCKET_DATA"));
    CHECK(!rules_ignore_kind(r, "RESPONSE", "interceptor"));
    CHECK(rules_ignore_kind(r, "STOP", "local_connection")); /* it was idle for long */
    CHECK(!rules_ignore_kind(r, "STOP", "link_connection"));
    trace_rules_free(r);
}

CU_TestInfo trace_rules_tests[] = {
    {"rules name kinds and effects, of all or of one type of actor", kinds_and_effects},
    {"rules name fields and header lines", fields_and_headers},
    {"rules name what has no order, or counts once", sets},
    {"a field may differ by a number, a share, a time, or by any", tolerances},
    {"a mistake says where, what, and what to write", mistakes},
    {"a mistake is one line", a_mistake_is_one_line},
    {"all mistakes of a text are said at once", all_mistakes_at_once},
    {"more mistakes than there is room for are counted", many_mistakes_are_counted},
    {"the default rules are rules", defaults_are_sound},
    CU_TEST_INFO_NULL,
};
