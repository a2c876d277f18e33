/* tests/test_redact.c -- what is secret, in which forms it is found, and what it becomes. */
#include "messages/redact_heads.h"
#include "messages/redact_key.h"
#include "messages/redact_scan.h"
#include "messages/redact_stream.h"
#include "tests/check.h"

/* ---- rules ---- */

static bool want(struct redact_rules *r, enum redact_place place, const char *name)
{
    return redact_rules_want(r, place, name, strlen(name));
}

static bool want_json(struct redact_rules *r, const char *outer, const char *inner)
{
    struct redact_name path[] = {{outer, strlen(outer)}, {inner, strlen(inner)}};
    return redact_rules_want_json(r, REDACT_JSON, outer[0] ? path : path + 1, outer[0] ? 2 : 1);
}

static void add(struct redact_rules *r, const char *line)
{
    char error[REDACT_ERROR_MAX] = "";
    if (!redact_rules_add(r, line, strlen(line), error))
        CU_FAIL(error);
}

static void test_names_by_default(void)
{
    static const char *const secret[] = {"Authorization",  "proxy-authorization", "COOKIE",
                                         "Set-Cookie",     "X-Api-Key",           "x-csrf-token",
                                         "X-Client-Secret"};
    static const char *const open[] = {"content-type", "www-authenticate", "host",
                                       "accept",       ":authority",       "x-author"};
    struct redact_rules *r = redact_rules_new();
    for (unsigned i = 0; i < sizeof secret / sizeof secret[0]; i++)
        CHECK(want(r, REDACT_HEADER, secret[i]));
    for (unsigned i = 0; i < sizeof open / sizeof open[0]; i++)
        CHECK(!want(r, REDACT_HEADER, open[i]));
    CHECK(want(r, REDACT_QUERY, "access_token") && want(r, REDACT_QUERY, "sig"));
    CHECK(want(r, REDACT_QUERY, "key") && !want(r, REDACT_QUERY, "keyboard"));
    CHECK(want(r, REDACT_QUERY, "otp") && want(r, REDACT_QUERY, "ticket"));
    CHECK(want(r, REDACT_QUERY, "hmac") && want(r, REDACT_QUERY, "SAMLResponse"));
    CHECK(!want(r, REDACT_QUERY, "option") && !want(r, REDACT_QUERY, "ticket_count"));
    CHECK(want(r, REDACT_COOKIE, "anything"));
    CHECK(want_json(r, "", "clientSecret") && want_json(r, "user", "api_key"));
    CHECK(!want_json(r, "", "code") && want_json(r, "", "total_tokens"));
    struct redact_name count = {"total_tokens", 12}, token = {"token", 5};
    CHECK(!redact_rules_want_json(r, REDACT_NUMBER, &count, 1));
    CHECK(redact_rules_want_json(r, REDACT_NUMBER, &token, 1));
    redact_rules_free(r);
}

static void test_rules_add_and_keep(void)
{
    struct redact_rules *r = redact_rules_new();
    add(r, "header x-trace-*");
    add(r, "keep header X_Trace_Id");
    add(r, "keep cookie theme");
    add(r, "form nick\t # as they call it");
    add(r, "# nothing");
    add(r, "");
    CHECK(want(r, REDACT_HEADER, "x-trace-parent") && !want(r, REDACT_HEADER, "x-trace-id"));
    CHECK(!want(r, REDACT_COOKIE, "Theme") && want(r, REDACT_COOKIE, "themes"));
    CHECK(want(r, REDACT_QUERY, "NICK"));
    CHECK(want(r, REDACT_URL, "userinfo"));
    add(r, "keep url *");
    CHECK(!want(r, REDACT_URL, "userinfo"));
    add(r, "value a # b");
    size_t length;
    const char *value = redact_rules_value(r, 0, &length);
    CHECK_BYTES((const uint8_t *)value, length, "a # b", 5);
    CHECK(want(r, REDACT_HEADER, "cookie"));
    add(r, "no-defaults #");
    CHECK(!want(r, REDACT_HEADER, "cookie") && want(r, REDACT_QUERY, "nick"));
    redact_rules_free(r);
}

static void test_paths(void)
{
    struct redact_rules *r = redact_rules_new();
    add(r, "json user.email");
    add(r, "json $.top.name");
    CHECK(want_json(r, "user", "email") && !want_json(r, "", "email"));
    CHECK(want_json(r, "top", "name"));
    struct redact_name deep[] = {{"x", 1}, {"top", 3}, {"name", 4}};
    CHECK(!redact_rules_want_json(r, REDACT_JSON, deep, 3) &&
          redact_rules_want_json(r, REDACT_JSON, deep + 1, 2));
    CHECK(want_json(r, "", "password"));
    add(r, "keep json user.password");
    CHECK(!want_json(r, "user", "password") && want_json(r, "", "password"));
    redact_rules_free(r);
}

static char said[1000];

static void say(void *context, unsigned line, const char *error)
{
    (void)context;
    size_t n = strlen(said);
    snprintf(said + n, sizeof said - n, "%u: %s\n", line, error);
}

static void test_all_mistakes_are_said(void)
{
    static const char text[] = "header x\n"
                               "heder y\n"
                               "json\n"
                               "# fine\n"
                               "query a b\n"
                               "keep value z\n"
                               "cookie !!\n"
                               "no-defaults at all\n"
                               "url foo\n"
                               "header # x\n";
    struct redact_rules *r = redact_rules_new();
    said[0] = '\0';
    CHECK_UINT(redact_rules_read(r, text, sizeof text - 1, say, NULL), 8);
    CHECK_STR(said,
              "2: there is no place \"heder\": write header, cookie, query, form, json, number, "
              "url, value, keep or no-defaults\n"
              "3: no name behind \"json\": write one, or *\n"
              "5: too much in a rule: \"b\": one rule a line\n"
              "6: keep cannot stand before \"value\": write value and the text that is secret\n"
              "7: no name in \"!!\": write letters, digits and * for any characters\n"
              "8: too much in a rule: \"at\": no-defaults stands alone\n"
              "9: a URL has no \"foo\": write url userinfo\n"
              "10: no name behind \"header\": write one, or *\n");
    CHECK(want(r, REDACT_HEADER, "x"));
    redact_rules_free(r);
}

/* ---- what is found ---- */

struct list {
    char text[2000];
    const char *from; /* offsets are checked against it */
    bool wrong_offset;
};

static void take(void *context, const struct redact_found *f)
{
    struct list *l = context;
    size_t n = strlen(l->text);
    snprintf(l->text + n, sizeof l->text - n, "%s%s %.*s=%.*s|", f->only_meant ? "meant " : "",
             redact_place_name(f->place), (int)f->name_length, f->name, (int)f->length,
             (const char *)f->bytes);
    if (l->from && !f->only_meant && memcmp(l->from + f->offset, f->bytes, f->length) != 0)
        l->wrong_offset = true;
}

static void check_found(const char *text, const char *expected, const char *rule)
{
    struct redact_rules *rules = redact_rules_new();
    size_t length = strlen(text);
    if (rule)
        add(rules, rule);
    for (size_t cut = 1; cut <= length; cut = cut < 4 ? cut + 1 : length - cut ? length : cut + 1) {
        struct list found = {.from = text};
        struct redact_scan scan;
        redact_scan_begin(&scan, rules, take, &found);
        for (size_t at = 0; at < length; at += cut)
            redact_scan_feed(&scan, (const uint8_t *)text + at,
                             length - at < cut ? length - at : cut);
        redact_scan_boundary(&scan);
        redact_scan_free(&scan);
        CHECK_STR(found.text, expected);
        CHECK(!found.wrong_offset);
    }
    redact_rules_free(rules);
}

static void test_header_lines(void)
{
    check_found("GET / HTTP/1.1\r\nAuthorization: Bearer abc.def\r\nHost: x\r\n\r\n",
                "header Authorization=abc.def|", NULL);
    check_found("x-api-key:  k e y \r\n", "header x-api-key=k e y|", NULL);
    check_found("authorization: unknown words\n", "header authorization=unknown words|", NULL);
    check_found("Cookie: a=1; bb=\"q\"; plain\r\n", "cookie a=1|cookie bb=q|cookie cookie=plain|",
                NULL);
    check_found("Set-Cookie: sid=abc==; Path=/; HttpOnly\r\n", "cookie sid=abc==|",
                "keep query sid");
    check_found("Cookie: theme=dark; a=1\r\n", "cookie a=1|", "keep cookie theme");
    check_found("^x-token: abc$\r\n", "header ^x-token=abc|", NULL);
    check_found("Accept: text/html\r\n", "", NULL);
    check_found("Authentication-Info: nextnonce=\"ab\", qop=auth\r\n", "query nextnonce=ab|", NULL);
}

static void test_folded_header_lines(void)
{
    check_found("Authorization: Bearer\r\n S3cretValue99\r\n",
                "header Authorization=S3cretValue99|", NULL);
    check_found("Authorization:\r\n\tBearer \n ab\n\n cd", "header Authorization=ab|", NULL);
    check_found("X-Token: ab\r\n \r\n\r\nno: more", "header X-Token=ab|", NULL);
    check_found("X-Token: ab\r\n cd\r\nX-Secret: ef",
                "header X-Token=ab\r\n cd|header X-Secret=ef|", NULL);
    check_found("Cookie: a=1;\r\n bb=2;\r\n\tc=3\r\nHost: x\r\n y\r\n",
                "cookie a=1|cookie bb=2|cookie c=3|", NULL);
    check_found("Set-Cookie:\n sid=ab;\n Path=/\n", "cookie sid=ab|", "keep query sid");
    check_found("POST / HTTP/1.1\r\nContent-Length: 20\r\n\r\ntoken: ab\n  x: open\n",
                "header token=ab|", NULL);
    check_found("GET / HTTP/1.1\r\nX-Token:\r\nContent-Length: 10\r\n\r\nX-Token: aX-Token: cd",
                "header X-Token=a|header X-Token=cd|", NULL);
}

static void test_expressions(void)
{
    check_found("^x-token: abc\r\n", "header ^x-token=abc|", NULL);
    check_found("^authorization: Bearer a\\.b.c.*d",
                "header ^authorization=a\\.b.c|header ^authorization=d|", NULL);
    check_found("^authorization:.Bearer.abc$", "header ^authorization=abc|", NULL);
    check_found("^x-token: [a-f0-9]{8}\\d+$", "", NULL);
    check_found("^x-token: (alice|bob)?", "header ^x-token=alice|header ^x-token=bob|", NULL);
    check_found("^cookie: .*user=alice; x=[0-9]", "cookie user=alice|", NULL);
    check_found("^cookie: sid=ab$", "cookie sid=ab|", "keep query sid");
    check_found("^x-token: [a", "header ^x-token=a|", NULL);
}

static void check_filter(const char *text, size_t length, const char *expected)
{
    struct list found = {0};
    struct redact_rules *rules = redact_rules_new();
    struct redact_eyes eyes = {.rules = rules, .found = take, .context = &found};
    struct redact_flow flow = {0};
    redact_filter(&eyes, &flow, 0, (const uint8_t *)text, length);
    CHECK_STR(found.text, expected);
    redact_rules_free(rules);
}

/* A filter as the protocol has it: each expression behind its length, or behind what kind it is of. */
static void test_filters(void)
{
    static const char text[] = "\x02^cookie: .*sid=ab\x01\x0b/x?token=cd\x00\x0f^x: y&token=ef";
    check_filter(text, sizeof text - 1, "cookie sid=ab|query token=cd|query token=ef|");
}

static void check_path(const char *expression, const char *expected)
{
    check_filter(expression, strlen(expression), expected);
}

static void test_parameters_in_filters(void)
{
    check_path("token=ab\\.cd", "query token=ab\\.cd|");
    check_path("^/x\\?token=(ab|cd)&x=ef$", "query token=ab|query token=cd|");
    check_path("(token=ab|user=cd)", "query token=ab|");
    check_path("(\\?|&)sig=([^&]+|a(b|c)d)&token=ef",
               "query sig=a|query sig=b|query sig=c|query sig=d|"
               "query token=ef|");
    check_path("\\bkey=[0-9]*ab|cd", "query key=ab|");
    check_path("token=a%20b$", "query token=a%20b|");
    check_path("token=basic.ab", "query token=basic.ab|");
    check_path("token=\"two words\" x=y", "query token=two words|");
    check_path("a=b&c==d&key=", "");
    check_path("x: 1; token=ab; b=cd", "query token=ab|");
    check_path("token=[ab\x01]=sig=cd", "query token=ab|query sig=cd|");
}

static void test_pairs_and_urls(void)
{
    check_found("GET /a?x=1&token=t%20x&sig=s+1 HTTP/1.1\r\n", "query token=t%20x|query sig=s+1|",
                NULL);
    check_found("user=me&password=p%26q", "query password=p%26q|", NULL);
    check_found("it said token=\"two words\", then", "query token=two words|", NULL);
    check_found("/?%70assword=ab&tok%65n=cd&%6eone=ef&b%zz=gh",
                "query %70assword=ab|query tok%65n=cd|", NULL);
    check_found("with token=abc, and key=.", "query token=abc|", NULL);
    check_found("^/x?token=abc$", "query token=abc|", NULL);
    check_found("see https://me:pw@host/x and http://host:80/", "url userinfo=me:pw|", NULL);
    check_found("git clone https://tok3n@host/x", "url userinfo=tok3n|", NULL);
    check_found("mail a@b.c", "", NULL);
}

/* What encodeURIComponent() leaves as it is, and what browsers do. */
static void test_marks_in_pairs(void)
{
    check_found("/?password=my(own)'pw'9&x=1", "query password=my(own)'pw'9|", NULL);
    check_found("access_token=123|ab{c}^d`e", "query access_token=123|ab{c}^d`e|", NULL);
    check_found("token=a)%28)b", "query token=a)%28)b|", NULL);
    check_found("f('/?token=ab'), (token=cd)", "query token=ab|query token=cd|", NULL);
    check_found("['/?token=ab','b'] {token=cd} `sig=ef`.",
                "query token=ab|query token=cd|query sig=ef|", NULL);
    check_found("token=(ab) token='cd'ef", "query token=cd|", NULL);
}

static void test_json(void)
{
    check_found("{\"a\":\"b\",\"password\" : \"p\\\"w\",\"n\":{\"token\":12345}}",
                "json password=p\\\"w|json token=12345|", NULL);
    check_found("{\"session\":{\"id\":\"i\",\"l\":[\"x\",{\"y\":2}],\"t\":true}}",
                "json id=i|json =x|json y=2|", NULL);
    check_found("{\"tokens\":[\"a\",\"b\"],\"password\":[\"c\"]}", "json =a|json =b|json =c|",
                NULL);
    check_found("[{\"secret\":null,\"password\":true,\"pwd\":1e9,\"x\":\"password\"}]", "", NULL);
    check_found("{\"user\":{\"email\":\"e\"},\"email\":\"no\"}", "json email=e|",
                "json $.user.email");
    check_found("{\"users\":[{\"email\":\"e\"},{\"email\":\"f\"}]}", "json email=e|json email=f|",
                "json users.email");
    check_found("data: {\"token\":\"t1\"}\n\ndata: {\"token\":\"t2\"}\n",
                "json token=t1|json token=t2|", NULL);
    check_found("a 5\" disk\n{\"token\":\"t\"}", "json token=t|", NULL);
    check_found("}}]\"password\":\"p\"", "json password=p|", NULL);
    check_found("{\"pass\\u0077ord\":\"p\","
                "\"\\u0070\\u0061\\u0073\\u0073\\u0077\\u006f\\u0072\\u0064\":\"q\"}",
                "json password=p|json password=q|", NULL);
}

static void test_json_in_codings(void)
{
    check_found("{\"body\":\"{\\\"password\\\":\\\"S3cret\\\",\\\"a\\\":1}\",\"token\":\"t\"}",
                "json password=S3cret|json token=t|", NULL);
    check_found("[\"\\u007b\\u0022pwd\\u0022:7}\"]\"{\\\"pwd\\\":8}\"", "json pwd=7|json pwd=8|",
                NULL);
    check_found("{\"a\":\"{\\\"b\\\":\\\"{\\\\\\\"pwd\\\\\\\":\\\\\\\"x\\\\\\\"}\\\"}\"}",
                "json pwd=x|", NULL);
    check_found("payload=%7B%22user%22%3A%22it's%22%2C%22token%22%3A%22S3cret%22%7D&x=%22",
                "json token=S3cret|", NULL);
    check_found("payload={%22token%22:%22S3cret%22}", "json token=S3cret|", NULL);
    check_found("p=%7b%22q%22:%22/?code%253Dc%22,%22pwd%22:%22two+w%25rds%22%7d",
                "query code=c|meant json pwd=two+w%rds|json pwd=two+w%25rds|", NULL);
    check_found("{\"a\":\"{\\\"secret\\\":\\\"q\\\\\\\"\\\\u0041\\\"}\"}",
                "meant json secret=q\\\"\\u0041|json secret=q\\\\\\\"\\\\u0041|", NULL);
    check_found(
        "{\"a\":\"\\ud83d\\x{\\\"pwd\\\":\\\"x\\\"}\",\"password\":\"\\\"pwd\\\":\\\"y\\\"\"}",
        "json pwd=x|json password=\\\"pwd\\\":\\\"y\\\"|", NULL);
}

static void test_urls_and_lines_in_codings(void)
{
    check_found("GET /?next=https%3A%2F%2Fh%2Fcb%3Ftoken%3DS3cret%26state%3D1 HTTP/1.1\r\n",
                "query token=S3cret|", NULL);
    check_found("/?u=%2F%3Fv%3D%252F%253Fsig%253Dab%2525c&w=token%3Dx",
                "meant query sig=ab%c|meant query sig=ab%25c|query sig=ab%2525c|query token=x|",
                NULL);
    check_found("x=%%41%zz%2&y=%%%3ftoken%3dx%2", "query token=x%2|", NULL);
    check_found("{\"raw\":\"GET / HTTP/1.1\\r\\nAuthorization: Bearer abc\\r\\n\\r\\n\"}",
                "header Authorization=abc|", NULL);
    check_found("see%20https%3A%2F%2Fme%3Apw%40host%2Fx",
                "meant url userinfo=me:pw|url userinfo=me%3Apw|", NULL);
}

#define PART(rest) "--b0und\r\nContent-Disposition: form-data; name=" rest "\r\n"

/* Counts of tokens stay, tokens do not. */
static void test_numbers(void)
{
    check_found(
        "{\"max_tokens\":4096,\"access_tokens\":\"a\",\"tokens\":[1,\"b\",[2,{\"x\":\"c\"}]]}",
        "json access_tokens=a|json =b|json x=c|", NULL);
    check_found("{\"refresh_tokens\":{\"a\":\"b\",\"n\":7,\"pwd\":8}}", "json a=b|json pwd=8|",
                NULL);
    check_found("{\"tokens\":[1,{\"n\":2}]}", "json =1|json n=2|", "json tokens");
    check_found("{\"tokens\":[1,\"b\"]}", "", "keep json *tokens");
    check_found("{\"a\":{\"pin\":1},\"pin\":2,\"n\":{\"pin\":\"3\"}}", "json pin=1|",
                "number a.pin");
    check_found("{\"a\":{\"token\":1},\"token\":2}", "json token=2|", "keep number a.token");
}

static void test_parts(void)
{
    check_found(PART("\"password\"\r\n\r\np\r\n\r\n--b0\r\nw")
                    PART("x\r\n\r\nopen") "--b0und--\r\n",
                "query password=p\r\n\r\n--b0\r\nw|", NULL);
    check_found(PART("token; filename=\"t\"\r\nContent-Type: text/plain\r\n\r\nt\r\r") "--b0und--"
                                                                                       "\r\nrest",
                "query token=t\r\r|", NULL);
    check_found("--b\nContent-Disposition: form-data; filename=\"a\"; name=\"x\"\n\n7\n--b--\n",
                "query x=7|", "query x");
    check_found(PART("\"password\"\r\n\r\n") PART("\"open\"\r\n\r\np"), "", NULL);
    check_found(PART("\"password\"\r\n\r\nis cut\r\n--b0"), "query password=is cut\r\n--b0|", NULL);
    check_found("Content-Disposition: form-data; name=password\r\n\r\nno part\r\n", "", NULL);
    check_found("--b0und\r\nContent-Disposition: attachment; name=password\r\n\r\nno field\r\n", "",
                NULL);
}

/* The body of a request ends where the next begins: "password=pGET" is no value. */
static void test_blank_lines_in_bodies(void)
{
    check_found("POST / HTTP/1.1\r\nContent-Length: 57\r\n\r\n"
                "{\"password\"\n\n:\n\n\"ab\",\"secret\":[\r\n\r\n{\n\n\"a\":\"cd\"}],\"pwd\":\n\n"
                "GET / HTTP/1.1\r\n\r\n\"ef\"",
                "json password=ab|json a=cd|", NULL);
    check_found("{\"password\":\n\n\"ab\"", "", NULL);
}

static void test_content_length_ends_a_body(void)
{
    check_found("POST / HTTP/1.1\r\nContent-Length: 10\r\n\r\npassword=pGET / HTTP/1.1\r\n",
                "query password=p|", NULL);
    check_found("POST / HTTP/1.1\r\nContent-Length: 13\r\n\r\na\n\npassword=pGET / HTTP/1.1\r\n",
                "query password=p|", NULL);
}

/* ---- forms ---- */

static void check_coding(enum redact_coding coding, const char *written, const char *meaning)
{
    struct redact_bytes out = {0};
    uint8_t again[100];
    CHECK_UINT(redact_decode(coding, (const uint8_t *)written, strlen(written), &out),
               meaning != NULL);
    if (meaning) {
        CHECK_BYTES(out.at, out.length, meaning, strlen(meaning));
        redact_recode(coding, (const uint8_t *)written, strlen(written), out.at, again);
        CHECK_BYTES(again, strlen(written), written, strlen(written));
    }
    free(out.at);
}

static void test_codings(void)
{
    check_coding(REDACT_PERCENT, "a%2Fb%c3%a9+", "a/b\xc3\xa9+");
    check_coding(REDACT_PERCENT, "a%2", NULL);
    check_coding(REDACT_PERCENT, "plain", NULL);
    check_coding(REDACT_FORM, "a+b%21", "a b!");
    check_coding(REDACT_STRING, "q\\\"\\/\\n\\u00e9\\ud83d\\ude00",
                 "q\"/\n\xc3\xa9\xf0\x9f\x98\x80");
    check_coding(REDACT_STRING, "\\u00E9\\uABCD", "\xc3\xa9\xea\xaf\x8d");
    check_coding(REDACT_STRING, "\\ud83d", NULL);
    check_coding(REDACT_STRING, "\\x", NULL);
    check_coding(REDACT_BASE64, "dXNlcjpwYXNz", "user:pass");
    check_coding(REDACT_BASE64, "YQ==", "a");
    check_coding(REDACT_BASE64, "YQ", "a");
    check_coding(REDACT_BASE64, "YR==", NULL); /* bits that mean nothing would be lost */
    check_coding(REDACT_BASE64, "a-_-", "k\xef\xfe");
    check_coding(REDACT_BASE64, "a-/-", NULL);
}

static void test_writings_mean_the_same(void)
{
    static const char *const texts[] = {"plain1", "a b/c", "q\"\\\n", "p\xc3\xa4ss\xf0\x9f\x98\x80",
                                        "\x01\x7f%+"};
    for (unsigned i = 0; i < sizeof texts / sizeof texts[0]; i++)
        for (int w = 0; w < REDACT_WRITINGS; w++) {
            struct redact_bytes out = {0}, back = {0};
            size_t n = strlen(texts[i]);
            redact_write((enum redact_writing)w, (const uint8_t *)texts[i], n, &out);
            if (redact_decode(redact_writing_coding((enum redact_writing)w), out.at, out.length,
                              &back))
                CHECK_BYTES(back.at, back.length, texts[i], n);
            else
                CHECK_BYTES(out.at, out.length, texts[i], n);
            free(out.at);
            free(back.at);
        }
}

/* ---- replacements ---- */

static void replace(const char *key, const char *text, uint32_t attempt, char out[100])
{
    struct redact_key k;
    redact_key_set(&k, key, strlen(key));
    redact_key_replace(&k, (const uint8_t *)text, strlen(text), attempt, (uint8_t *)out);
    out[strlen(text)] = '\0';
}

static void test_replacements_keep_their_shape(void)
{
    static const char text[] = "Ab-12.Zz=9/%q {}";
    char a[100], b[100], c[100], d[100];
    replace("k", text, 0, a);
    replace("k", text, 0, b);
    replace("other", text, 0, c);
    replace("k", text, 1, d);
    CHECK_STR(a, b);
    CHECK(strcmp(a, c) != 0 && strcmp(a, d) != 0 && strcmp(a, text) != 0);
    for (size_t i = 0; i < strlen(text); i++) {
        char was = text[i], is = a[i];
        CHECK((was >= '0' && was <= '9')   ? is >= '0' && is <= '9'
              : (was >= 'A' && was <= 'Z') ? is >= 'A' && is <= 'Z'
              : (was >= 'a' && was <= 'z') ? is >= 'a' && is <= 'z'
                                           : is == was);
    }
}

static void test_what_stays_does_not_change_the_letters(void)
{
    char a[100], b[100];
    replace("k", "ab.cd ef", 0, a);
    replace("k", "ab\\.cd+ef", 0, b);
    CHECK(memcmp(a, b, 2) == 0 && memcmp(a + 3, b + 4, 2) == 0 && memcmp(a + 6, b + 7, 2) == 0);
}

static void test_replacements_stay_what_they_are(void)
{
    char out[100];
    uint32_t code;
    for (uint32_t attempt = 0; attempt < 200; attempt++) {
        replace("k", "0123", attempt, out);
        CHECK(out[0] != '0');
        replace("k", "deadbeef42", attempt, out);
        CHECK_UINT(strspn(out, "0123456789abcdef"), 10);
        replace("k", "\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80", attempt, out);
        for (size_t at = 0, n; at < 9; at += n)
            REQUIRE((n = redact_utf8((uint8_t *)out + at, 9 - at, &code)) > 0);
    }
}

/* ---- all forms of a secret ---- */

static const char *becomes(struct redact_texts *t, const char *text, char out[200])
{
    const struct redact_text *x = redact_texts_find(t, (const uint8_t *)text, strlen(text));
    if (!x)
        return NULL;
    snprintf(out, 200, "%.*s", (int)x->length, (const char *)x->replacement);
    return out;
}

static bool is_everywhere(struct redact_texts *t, const char *text)
{
    const struct redact_text *x = redact_texts_find(t, (const uint8_t *)text, strlen(text));
    return x && x->everywhere;
}

static void learn(struct redact_texts *t, const char *text, enum redact_coding coding)
{
    redact_texts_learn(t, (const uint8_t *)text, strlen(text), coding, "test");
}

static void check_form(struct redact_texts *t, const char *form, enum redact_coding coding,
                       const char *meaning)
{
    char a[200], b[200];
    struct redact_bytes out = {0};
    REQUIRE(becomes(t, form, a) && becomes(t, meaning, b));
    CHECK_UINT(strlen(a), strlen(form));
    CHECK(strcmp(a, form) != 0);
    CHECK(redact_decode(coding, (const uint8_t *)a, strlen(a), &out));
    CHECK_BYTES(out.at, out.length, b, strlen(b));
    free(out.at);
}

static void test_forms_agree(void)
{
    struct redact_texts *t = redact_texts_new("k", 1);
    learn(t, "pa%2Fss+word", REDACT_FORM);
    learn(t, "sl\\/ash\\u00e9s", REDACT_STRING);
    redact_texts_close(t);
    check_form(t, "pa%2Fss+word", REDACT_FORM, "pa/ss word");
    check_form(t, "pa%2fss%20word", REDACT_PERCENT, "pa/ss word");
    check_form(t, "pa\\/ss word", REDACT_STRING, "pa/ss word");
    check_form(t, "cGEvc3Mgd29yZA", REDACT_BASE64, "pa/ss word");
    check_form(t, "sl\\/ash\\u00e9s", REDACT_STRING, "sl/ash\xc3\xa9s");
    check_form(t, "sl%2Fash%C3%A9s", REDACT_PERCENT, "sl/ash\xc3\xa9s");
    redact_texts_free(t);
}

static void test_basic_is_user_and_password(void)
{
    struct redact_texts *t = redact_texts_new("k", 1);
    char pair[200], password[200], expected[220];
    learn(t, "cm9vdDpodW50ZXIyMg==", REDACT_BASE64); /* root:hunter22 */
    redact_texts_close(t);
    REQUIRE(becomes(t, "root:hunter22", pair) && becomes(t, "hunter22", password));
    check_form(t, "cm9vdDpodW50ZXIyMg==", REDACT_BASE64, "root:hunter22");
    snprintf(expected, sizeof expected, "%.5s%s", pair, password);
    CHECK_STR(pair, expected);
    CHECK(strncmp(pair, "root", 4) != 0 && pair[4] == ':');
    CHECK(is_everywhere(t, "hunter22") && is_everywhere(t, "root:hunter22"));
    CHECK(!is_everywhere(t, "root"));
    redact_texts_free(t);
}

static void test_not_everything_is_looked_for(void)
{
    static const char *const in_place[] = {"abc",    "1234567", "true", "keep-alive",
                                           "Bearer", "a-b-c",   "moon"};
    static const char *const everywhere[] = {"abcd", "12345678", "trues", "a-b-c-d", "x12345"};
    struct redact_texts *t = redact_texts_new("k", 1);
    char out[200];
    redact_texts_keep(t, "the moonlight", 13);
    for (unsigned i = 0; i < sizeof in_place / sizeof in_place[0]; i++)
        learn(t, in_place[i], REDACT_PLAIN);
    for (unsigned i = 0; i < sizeof everywhere / sizeof everywhere[0]; i++)
        learn(t, everywhere[i], REDACT_PLAIN);
    learn(t, "---", REDACT_PLAIN);
    redact_texts_close(t);
    for (unsigned i = 0; i < sizeof in_place / sizeof in_place[0]; i++) {
        CHECK(!is_everywhere(t, in_place[i]));
        REQUIRE(becomes(t, in_place[i], out) != NULL);
        CHECK(strcmp(out, in_place[i]) != 0);
    }
    for (unsigned i = 0; i < sizeof everywhere / sizeof everywhere[0]; i++)
        CHECK(is_everywhere(t, everywhere[i]));
    CHECK(becomes(t, "---", out) == NULL);
    redact_texts_free(t);
}

/* The beginning of a value that was cut off becomes the beginning of what the value becomes. */
static void test_parts_are_taken_for_the_whole(void)
{
    struct redact_texts *t = redact_texts_new("k", 1);
    char part[200], longer_part[200], whole[200], alone[200];
    redact_texts_learn_part(t, (const uint8_t *)"abcdef", 6, "test");
    redact_texts_learn_part(t, (const uint8_t *)"abcdefgh", 8, "test");
    redact_texts_learn_part(t, (const uint8_t *)"xyzxyz", 6, "test");
    learn(t, "abcdefghijkl", REDACT_PLAIN);
    redact_texts_close(t);
    REQUIRE(becomes(t, "abcdef", part) && becomes(t, "abcdefgh", longer_part) &&
            becomes(t, "abcdefghijkl", whole) && becomes(t, "xyzxyz", alone));
    CHECK(strncmp(part, whole, 6) == 0 && strncmp(longer_part, whole, 8) == 0);
    CHECK(strcmp(alone, "xyzxyz") != 0);
    redact_texts_free(t);
}

/* Ten digits for ten digits: each is another one's, none its own, while there are some left. */
static void test_unequal_ones_stay_unequal(void)
{
    struct redact_texts *t = redact_texts_new("k", 1);
    char text[8], out[200];
    bool seen[1000] = {false};
    for (unsigned i = 100; i < 300; i++) {
        snprintf(text, sizeof text, "%u", i);
        learn(t, text, REDACT_PLAIN);
    }
    redact_texts_close(t);
    for (unsigned i = 100; i < 300; i++) {
        snprintf(text, sizeof text, "%u", i);
        REQUIRE(becomes(t, text, out) != NULL);
        CHECK(strcmp(out, text) != 0);
        CHECK(!seen[atoi(out)]);
        seen[atoi(out)] = true;
    }
    redact_texts_free(t);
}

/* ---- the search ---- */

static uint64_t next_random(uint64_t *state)
{
    *state = *state * UINT64_C(6364136223846793005) + 1442695040888963407;
    return *state >> 33;
}

static void test_search_finds_all(void)
{
    uint64_t random = test_seed;
    for (unsigned round = 0; round < 200; round++) {
        struct redact_search *s = redact_search_new();
        char words[8][8], text[64];
        unsigned expected = 0, found = 0;
        for (unsigned i = 0; i < 8; i++) {
            size_t n = 1 + next_random(&random) % 5;
            for (size_t k = 0; k < n; k++)
                words[i][k] = (char)('a' + next_random(&random) % 2);
            words[i][n] = '\0';
            for (unsigned k = 0; k < i; k++)
                if (strcmp(words[k], words[i]) == 0)
                    words[i][0] = '\0';
            if (words[i][0])
                redact_search_add(s, (const uint8_t *)words[i], n, i + 1);
        }
        redact_search_close(s);
        for (unsigned k = 0; k < 63; k++)
            text[k] = (char)('a' + next_random(&random) % 2);
        text[63] = '\0';
        for (unsigned k = 0; k < 63; k++)
            for (unsigned i = 0; i < 8; i++)
                expected += words[i][0] && strncmp(text + k, words[i], strlen(words[i])) == 0;
        uint32_t node = 0, at;
        for (unsigned k = 0; k < 63; k++) {
            node = redact_search_step(s, node, (uint8_t)text[k]);
            for (at = node; redact_search_hit(s, &at);)
                found++;
        }
        CHECK_UINT(found, expected);
        redact_search_free(s);
    }
}

/* ---- streams ---- */

static char told[2000];

static void on_part(void *context, const struct redact_text *text, struct redact_spot spot,
                    uint32_t from, uint32_t length)
{
    char *bytes = context;
    memcpy(bytes + spot.record * 1000u + spot.offset, text->replacement + from, length);
}

/* Fed in pieces, each a record of its own. */
static void redact_stream(const char *secret, const char *text, size_t piece, char *out)
{
    struct redact_rules *rules = redact_rules_new();
    struct redact_texts *t = redact_texts_new("k", 1);
    static char bytes[100][1000];
    learn(t, secret, REDACT_PLAIN);
    redact_texts_close(t);
    struct redact_eyes eyes = {rules, {t, on_part, bytes, NULL}, NULL, NULL};
    struct redact_stream *s = redact_stream_new(&eyes, NULL);
    uint32_t records = 0;
    size_t length = strlen(text);
    for (size_t at = 0; at < length; at += piece, records++) {
        size_t n = length - at < piece ? length - at : piece;
        memcpy(bytes[records] + 7, text + at, n);
        redact_stream_feed(s, (const uint8_t *)text + at, n, (struct redact_spot){records, 7, 0});
    }
    redact_stream_free(s);
    for (uint32_t i = 0; i < records; i++) {
        size_t n = i + 1 < records ? piece : length - (records - 1) * piece;
        memcpy(out, bytes[i] + 7, n);
        out += n;
    }
    *out = '\0';
    redact_texts_free(t);
    redact_rules_free(rules);
}

static void check_stream(const char *secret, const char *text, const char *format)
{
    struct redact_texts *t = redact_texts_new("k", 1);
    char new[200], expected[1000];
    learn(t, secret, REDACT_PLAIN);
    redact_texts_close(t);
    becomes(t, secret, new);
    size_t n = 0;
    for (const char *at = format; *at; at++)
        expected[n++] = *at >= '0' && *at <= '9' && strlen(secret) == 10 ? new[*at - '0'] : *at;
    expected[n] = '\0';
    for (size_t piece = 1; piece <= strlen(text); piece++) {
        if (strlen(text) / piece >= 100)
            continue;
        redact_stream(secret, text, piece, told);
        CHECK_STR(told, expected);
    }
    redact_texts_free(t);
}

/* In the expected text a digit stands for that byte of the replacement. */
static void test_values_are_found_however_they_are_cut(void)
{
    check_stream("sekritpass", "x sekritpass sekritpas", "x 0123456789 sekritpas");
    check_stream("sekritpass", "sekritsekritpass", "sekrit0123456789");
    check_stream("sekritpass", "a\r\nsekritpass\r\nb", "a\r\n0123456789\r\nb");
}

static void test_values_are_found_over_chunks(void)
{
    check_stream("sekritpass", "\r\n\r\na;x=y\r\nsekri\r\nb\r\ntpass\r\nc\r\n\r\n",
                 "\r\n\r\na;x=y\r\n01234\r\nb\r\n56789\r\nc\r\n\r\n");
    check_stream(
        "sekritpass",
        "\r\na\r\ns\r\na\r\nek\r\na\r\nr\r\na\r\ni\r\na\r\nt\r\na\r\np\r\na\r\nass\r\na\r\n\r\n",
        "\r\na\r\n0\r\na\r\n12\r\na\r\n3\r\na\r\n4\r\na\r\n5\r\na\r\n6\r\na\r\n789\r\na\r\n\r\n");
    /* no end: it was no framing */
    check_stream("sekritpass", "sekri\r\nax\r\ntpass", "sekri\r\nax\r\ntpass");
}

/* What looks like framing may be text, and in it a secret. */
static void test_values_are_found_in_what_looks_like_a_chunk_size(void)
{
    char out[100], new[200];
    struct redact_texts *t = redact_texts_new("k", 1);
    learn(t, "beef12ca", REDACT_PLAIN);
    redact_texts_close(t);
    becomes(t, "beef12ca", new);
    redact_stream("beef12ca", "text\r\nbeef12ca\r\nmore", 3, out);
    CHECK_BYTES(out + 6, 8, new, 8);
    CHECK_STR(out + 14, "\r\nmore");
    redact_texts_free(t);
}

CU_TestInfo redact_tests[] = {
    {"names that are secret by default", test_names_by_default},
    {"rules add and keep", test_rules_add_and_keep},
    {"paths in JSON", test_paths},
    {"all mistakes in rules are said", test_all_mistakes_are_said},
    {"header lines, cookies", test_header_lines},
    {"header lines that are folded", test_folded_header_lines},
    {"expressions of filters", test_expressions},
    {"filters of several expressions", test_filters},
    {"parameters in filters", test_parameters_in_filters},
    {"queries, forms, URLs", test_pairs_and_urls},
    {"marks in values of pairs", test_marks_in_pairs},
    {"fields in JSON", test_json},
    {"JSON in other codings", test_json_in_codings},
    {"URLs and lines in other codings", test_urls_and_lines_in_codings},
    {"fields in JSON that are numbers", test_numbers},
    {"fields of multipart/form-data", test_parts},
    {"blank lines in bodies", test_blank_lines_in_bodies},
    {"Content-Length ends a body", test_content_length_ends_a_body},
    {"codings", test_codings},
    {"writings mean the same", test_writings_mean_the_same},
    {"replacements keep their shape", test_replacements_keep_their_shape},
    {"what stays does not change the letters", test_what_stays_does_not_change_the_letters},
    {"replacements stay hexadecimal, UTF-8, numbers", test_replacements_stay_what_they_are},
    {"all forms of a secret agree", test_forms_agree},
    {"Basic is a user and a password", test_basic_is_user_and_password},
    {"not everything is looked for everywhere", test_not_everything_is_looked_for},
    {"parts are taken for the whole", test_parts_are_taken_for_the_whole},
    {"unequal secrets stay unequal", test_unequal_ones_stay_unequal},
    {"the search finds all", test_search_finds_all},
    {"values are found however they are cut", test_values_are_found_however_they_are_cut},
    {"values are found over chunks", test_values_are_found_over_chunks},
    {"values in what looks like a chunk size",
     test_values_are_found_in_what_looks_like_a_chunk_size},
    CU_TEST_INFO_NULL,
};
