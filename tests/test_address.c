/* tests/test_address.c -- addresses: read, printed, packed; and what is said of a wrong one. */
#include "runtime/address.h"
#include "tests/check.h"

struct form {
    const char *text, *printed; /* NULL: as the text */
    uint8_t family;
    uint16_t port;
};

static const struct form forms[] = {
    {"8080", "127.0.0.1:8080", ADDRESS_V4, 8080},
    {"0", "127.0.0.1:0", ADDRESS_V4, 0},
    {"65535", "127.0.0.1:65535", ADDRESS_V4, 65535},
    {"1.2.3.4:80", NULL, ADDRESS_V4, 80},
    {"0.0.0.0:80", NULL, ADDRESS_V4, 80},
    {"[::1]:443", NULL, ADDRESS_V6, 443},
    {"[2001:db8:0:0:0:0:0:1]:1", "[2001:db8::1]:1", ADDRESS_V6, 1},
    {"example.com:80", NULL, ADDRESS_NAME, 80},
    {"localhost:80", NULL, ADDRESS_NAME, 80},
    {"1.2.3:80", NULL, ADDRESS_NAME, 80},
    {"unix:/run/app.sock", NULL, ADDRESS_UNIX, 0},
    {"unix:relative:with:colons", NULL, ADDRESS_UNIX, 0},
    {"internal:agent", NULL, ADDRESS_INTERNAL, 0},
};

static void reads_and_prints_every_form(void)
{
    for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
        const struct form *f = &forms[i];
        struct address a, again;
        char error[160] = "", text[ADDRESS_TEXT_MAX];
        CHECK(address_parse(&a, f->text, error));
        CHECK_STR(error, "");
        CHECK_UINT(a.family, f->family);
        CHECK_UINT(a.port, f->port);
        CHECK_STR(address_print(&a, text), f->printed ? f->printed : f->text);
        CHECK(address_parse(&again, text, error));
        CHECK(address_equal(&a, &again));
    }
}

static void holds_the_bytes_in_network_order(void)
{
    struct address a;
    char error[160];
    REQUIRE(address_parse(&a, "1.2.3.4:80", error));
    CHECK_BYTES(a.ip, 4, "\x01\x02\x03\x04", 4);
    REQUIRE(address_parse(&a, "[102:304::f]:80", error));
    CHECK_BYTES(a.ip, 4, "\x01\x02\x03\x04", 4);
    CHECK_UINT(a.ip[15], 15);
}

static void says_what_is_wrong(void)
{
    static const char *const wrong[] = {
        "",           "http",      "80x",          "-1",        "+80",
        "65536",      "1.2.3.4",   "1.2.3.4:",     "1.2.3.4:x", ":80",
        "a b:80",     "::1:80",    "user@h:80",    "[::1]",     "[::1]:",
        "[::1]80",    "[::1:80",   "[1.2.3.4]:80", "[]:80",     "[fe80::1%2]:1",
        "unix:",      "internal:", "host:65536",   "99999:80",  "99999999999999999999",
        "http://h:80"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        struct address a;
        char error[160] = "";
        CHECK(!address_parse(&a, wrong[i], error));
        CHECK(strlen(error) > strlen(wrong[i]));
        CHECK(strlen(wrong[i]) > 60 || strstr(error, wrong[i]) != NULL);
    }
}

static void long_texts_stay_in_their_room(void)
{
    struct address a;
    char text[400], error[160 + 8];
    for (size_t n = 90; n < 300; n++) {
        memset(text, 'x', n);
        memcpy(text, "unix:", 5);
        text[n] = '\0';
        memset(error, '#', sizeof error);
        bool fits = n - 5 < sizeof a.name;
        CHECK(address_parse(&a, text, error) == fits);
        CHECK(fits ? strlen(a.name) == n - 5 : strlen(error) < 160);
        CHECK_UINT(error[160], '#');
        memcpy(text, "x.com:", 6);
        memcpy(text + n - 3, ":80", 4);
        CHECK(!address_parse(&a, text, error)); /* two colons */
        text[5] = 'm';
        CHECK(address_parse(&a, text, error) == (n - 3 < sizeof a.name));
    }
}

static void wildcard_becomes_loopback(void)
{
    struct address a;
    char error[160], text[ADDRESS_TEXT_MAX];
    REQUIRE(address_parse(&a, "0.0.0.0:80", error));
    address_wildcard_to_loopback(&a);
    CHECK_STR(address_print(&a, text), "127.0.0.1:80");
    REQUIRE(address_parse(&a, "[::]:80", error));
    address_wildcard_to_loopback(&a);
    CHECK_STR(address_print(&a, text), "[::1]:80");
    REQUIRE(address_parse(&a, "10.0.0.1:80", error));
    address_wildcard_to_loopback(&a);
    CHECK_STR(address_print(&a, text), "10.0.0.1:80");
}

static void packs_and_unpacks(void)
{
    static const char *const texts[] = {"1.2.3.4:65534", "[2001:db8::9]:258"};
    for (unsigned i = 0; i < 2; i++) {
        struct address a, b;
        char error[160];
        uint8_t packed[ADDRESS_PACKED_BYTES];
        REQUIRE(address_parse(&a, texts[i], error));
        address_pack(&a, packed);
        CHECK_UINT(packed[0], a.family);
        CHECK_UINT(packed[17] | packed[18] << 8, a.port);
        address_unpack(&b, packed);
        CHECK(address_equal(&a, &b));
    }
}

static void differs_in_each_part(void)
{
    static const char *const texts[] = {"1.2.3.4:80",     "1.2.3.4:81", "1.2.3.5:80",
                                        "[102:304::]:80", "a.b:80",     "a.c:80",
                                        "unix:a",         "internal:a", "unix:b"};
    enum { N = sizeof texts / sizeof texts[0] };
    struct address a[N];
    char error[160];
    for (unsigned i = 0; i < N; i++)
        REQUIRE(address_parse(&a[i], texts[i], error));
    for (unsigned i = 0; i < N; i++)
        for (unsigned k = 0; k < N; k++)
            CHECK(address_equal(&a[i], &a[k]) == (i == k));
}

CU_TestInfo address_tests[] = {
    {"every form is read, and printed so that it reads the same", reads_and_prints_every_form},
    {"addresses are held in network order", holds_the_bytes_in_network_order},
    {"a wrong text is refused, named, and explained", says_what_is_wrong},
    {"long texts stay in their room", long_texts_stay_in_their_room},
    {"a wildcard becomes loopback of its family", wildcard_becomes_loopback},
    {"an address survives packing", packs_and_unpacks},
    {"addresses differ in each of their parts", differs_in_each_part},
    CU_TEST_INFO_NULL,
};
