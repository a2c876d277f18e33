/* tests/test_protocol.c -- the table, the versions in it, and what a decoder of a version refuses. */
#include "messages/protocol.h"
#include "tests/check.h"
#include "tests/wire_feed.h"
#include "tests/wire_vectors.h"

static enum wire_verdict decode_for(enum wire_from from, const char *name, uint64_t version,
                                    char *error)
{
    struct vector v;
    struct wire_decoder d;
    size_t consumed;
    REQUIRE(vectors_find(from, name, &v));
    enum wire_verdict verdict =
        wire_feed_new(&d, from, (struct version){version}, v.bytes, v.length, CUT_WHOLE, &consumed);
    snprintf(error, WIRE_ERROR_MAX, "%s", d.error);
    wire_decoder_destroy(&d);
    return verdict;
}

static void a_version_knows_what_came_until_then(void)
{
    static const struct {
        enum wire_from from;
        const char *name;
        uint64_t since;
    } rows[] = {
        {WIRE_FROM_CLIENT, "switch", VERSION_ORDINAL(1, 3, 0)},
        {WIRE_FROM_CLIENT, "ready", VERSION_ORDINAL(1, 3, 1)},
        {WIRE_FROM_CLIENT, "resp-framed", VERSION_ORDINAL(1, 3, 0)},
        {WIRE_FROM_CLIENT, "resp-chunk-start", VERSION_ORDINAL(1, 8, 0)},
        {WIRE_FROM_CLIENT, "resp-chunk-error", VERSION_ORDINAL(1, 8, 0)},
        {WIRE_FROM_CLIENT, "steal-ex-composite", VERSION_ORDINAL(1, 20, 0)},
        {WIRE_FROM_CLIENT, "steal-ex-method-other", VERSION_ORDINAL(1, 20, 0)},
        {WIRE_FROM_CLIENT, "steal-ex-body", VERSION_ORDINAL(1, 23, 0)},
        {WIRE_FROM_CLIENT, "steal-ex-jq", VERSION_ORDINAL(1, 26, 0)},
        {WIRE_FROM_CLIENT, "mirror-filtered", VERSION_ORDINAL(1, 21, 1)},
        {WIRE_FROM_CLIENT, "oppong-small", VERSION_ORDINAL(1, 19, 8)},
        {WIRE_FROM_CLIENT, "sharelink", VERSION_ORDINAL(1, 29, 0)},
        {WIRE_FROM_AGENT, "req-framed", VERSION_ORDINAL(1, 3, 0)},
        {WIRE_FROM_AGENT, "req-start-v1", VERSION_ORDINAL(1, 7, 0)},
        {WIRE_FROM_AGENT, "req-start-v2", VERSION_ORDINAL(1, 19, 0)},
        {WIRE_FROM_AGENT, "newconn-v2-tls", VERSION_ORDINAL(1, 19, 4)},
        {WIRE_FROM_AGENT, "sub-forbidden-reason", VERSION_ORDINAL(1, 17, 0)},
        {WIRE_FROM_AGENT, "sub-sysfail", VERSION_ORDINAL(1, 28, 0)},
    };
    char error[WIRE_ERROR_MAX];
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        CHECK_UINT(decode_for(rows[i].from, rows[i].name, rows[i].since, error), WIRE_MESSAGE);
        CHECK_UINT(decode_for(rows[i].from, rows[i].name, rows[i].since - 1, error), WIRE_BAD);
        CHECK(strstr(error, ", and this is 1.") != NULL);
    }
    CHECK_UINT(decode_for(WIRE_FROM_CLIENT, "resp-basic", VERSION_ORDINAL(1, 0, 0), error),
               WIRE_MESSAGE);
    CHECK_UINT(decode_for(WIRE_FROM_AGENT, "req-basic", VERSION_ORDINAL(1, 0, 0), error),
               WIRE_MESSAGE);
}

static void an_unknown_variant_is_named(void)
{
    static const struct {
        enum wire_from from;
        const char *bytes;
        const char *error;
        uint64_t offset;
    } rows[] = {
        {WIRE_FROM_AGENT, "\2\11",
         "TcpSteal: DaemonTcp: unknown variant 9, perhaps of a version after 1.29.0", 2},
        {WIRE_FROM_CLIENT, "\22",
         "ClientMessage: unknown variant 18, perhaps of a version after 1.29.0", 1},
        {WIRE_FROM_AGENT, "\2\3\1\16",
         "TcpSteal(SubscribeResult): ResponseError: unknown variant 14, perhaps of a version after "
         "1.29.0",
         4},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct wire_decoder d;
        size_t consumed;
        const uint8_t *bytes = (const uint8_t *)rows[i].bytes;
        CHECK_UINT(wire_feed_new(&d, rows[i].from, version_newest(), bytes, strlen(rows[i].bytes),
                                 CUT_WHOLE, &consumed),
                   WIRE_BAD);
        CHECK_STR(d.error, rows[i].error);
        CHECK_UINT(d.error_offset, rows[i].offset);
        CHECK_UINT(wire_decoder_feed(&d, bytes, 1, &consumed), WIRE_BAD);
        CHECK_UINT(consumed, 0);
        wire_decoder_destroy(&d);
    }
}

/* Variants were only ever added at the end, so an older one never follows a newer one; and none may
 * be sent before there is anybody who could read it. */
static void the_table_is_consistent(void)
{
    unsigned variants = 0;
    for (unsigned t = 0; t < WIRE_TYPE_COUNT; t++) {
        const struct wire_type_row *type = &wire_types[t];
        if (type->op != WIRE_OP_ENUM)
            continue;
        for (unsigned i = 1; i < type->count; i++)
            CHECK(wire_variants[type->first + i].since >= wire_variants[type->first + i - 1].since);
        variants += type->count;
    }
    CHECK_UINT(variants, wire_variant_count);
    for (unsigned f = 0; f < wire_field_count; f++)
        CHECK(wire_fields[f].op == wire_types[wire_fields[f].type].op);
}

static uint64_t since(const char *type, const char *variant)
{
    for (unsigned t = 0; t < WIRE_TYPE_COUNT; t++)
        if (!strcmp(wire_type_names[t], type))
            for (unsigned i = 0; i < wire_types[t].count; i++)
                if (!strcmp(wire_variant_names[wire_types[t].first + i], variant))
                    return wire_variants[wire_types[t].first + i].since;
    CHECK_STR(variant, "in the table");
    return 0;
}

static void no_gate_opens_before_the_variant_exists(void)
{
    static const struct {
        enum gate gate;
        const char *type, *variant;
        bool same; /* the gate opens with the very version that brought the variant */
    } rows[] = {
        {GATE_HTTP_FRAMED, "LayerTcpSteal", "HttpResponseFramed", true},
        {GATE_HTTP_FRAMED, "DaemonTcp", "HttpRequestFramed", true},
        {GATE_READY_FOR_LOGS, "ClientMessage", "ReadyForLogs", true},
        {GATE_READLINK, "FileRequest", "ReadLink", true},
        {GATE_HTTP_CHUNKED_REQUEST, "DaemonTcp", "HttpRequestChunked", true},
        {GATE_HTTP_CHUNKED_RESPONSE, "LayerTcpSteal", "HttpResponseChunked", false},
        {GATE_READDIR_BATCH, "FileRequest", "ReadDirBatch", true},
        {GATE_HTTP_COMPOSITE_FILTER, "HttpFilter", "Composite", true},
        {GATE_MIRROR_BLOCK, "BlockedAction", "Mirror", true},
        {GATE_MKDIR, "FileRequest", "MakeDir", true},
        {GATE_OPEN_LOCAL, "ResponseError", "OpenLocal", true},
        {GATE_INFO_LOG, "LogLevel", "Info", true},
        {GATE_RMDIR, "FileRequest", "RemoveDir", true},
        {GATE_ADDRINFO_V2, "ClientMessage", "GetAddrInfoRequestV2", true},
        {GATE_STATFS, "FileRequest", "StatFs", true},
        {GATE_POLICY_REASON, "ResponseError", "ForbiddenWithReason", true},
        {GATE_STATFS_V2, "FileResponse", "XstatFsV2", true},
        {GATE_HTTP_CHUNKED_REQUEST_V2, "ChunkedRequest", "StartV2", true},
        {GATE_MODE_AGNOSTIC_HTTP, "DaemonTcp", "NewConnectionV2", true},
        {GATE_OPERATOR_PING, "DaemonMessage", "OperatorPing", true},
        {GATE_HTTP_METHOD_FILTER, "HttpFilter", "Method", true},
        {GATE_RENAME, "FileRequest", "Rename", true},
        {GATE_MIRROR_HTTP_FILTER, "LayerTcp", "PortSubscribeFilteredHttp", true},
        {GATE_OUTGOING_CONNECT_V2, "LayerOutgoing", "ConnectV2", true},
        {GATE_HTTP_BODY_FILTER, "HttpFilter", "Body", true},
        {GATE_COPYFILE, "FileRequest", "Ftruncate", true},
        {GATE_REVERSE_DNS, "ClientMessage", "ReverseDnsLookup", true},
        {GATE_HTTP_HEADER_JQ_FILTER, "HttpFilter", "HeaderJq", true},
        {GATE_OUTGOING_SEQPACKET, "ClientMessage", "SeqpacketOutgoing", true},
        {GATE_SYSTEM_FAILURE, "ResponseError", "SystemFailure", true},
        {GATE_SHARE_LINK, "ClientMessage", "ShareLink", true},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        uint64_t first = since(rows[i].type, rows[i].variant);
        uint64_t gate = gate_minimum(rows[i].gate).ordinal;
        CHECK(rows[i].same ? first == gate : first < gate);
    }
}

CU_TestInfo protocol_tests[] = {
    {"a version knows what came until then and no more", a_version_knows_what_came_until_then},
    {"an unknown variant is named, and the error stays", an_unknown_variant_is_named},
    {"variants grow newer, and ops match types", the_table_is_consistent},
    {"no gate opens before its variant exists", no_gate_opens_before_the_variant_exists},
    CU_TEST_INFO_NULL,
};
