#include "messages/http1_framing.h"
#include <string.h>

static bool method_is(const struct http_head *head, const char *method)
{
    return head->method.length == strlen(method) &&
           !memcmp(head->method.at, method, head->method.length);
}

/* LENGTH, with *length, CHUNKED, or NO_BODY if the head has neither. */
static enum http1_framing request_body_rule(const struct http_head *head,
                                            const struct http_facts *facts, uint64_t *length)
{
    if (facts->transfer_encoding && head->version != HTTP_VERSION_1_0)
        return HTTP1_CHUNKED;
    if (facts->length != HTTP_LENGTH_VALID)
        return HTTP1_NO_BODY;
    *length = facts->content_length;
    return HTTP1_LENGTH;
}

/* Methods whose requests hardly ever have a body: none is made up for them. */
static bool expects_no_body(const struct http_head *head)
{
    return method_is(head, "GET") || method_is(head, "HEAD") || method_is(head, "CONNECT");
}

static const char *length_refused(const struct http_facts *facts)
{
    if (facts->length == HTTP_LENGTH_INVALID)
        return "Content-Length is no number";
    if (facts->length == HTTP_LENGTH_CONFLICTING)
        return "several Content-Length that differ";
    return NULL;
}

/* Coding decides, a length beside it goes (DEL-17.1). */
static void plan_chunked(struct http1_plan *plan, const struct http_facts *facts)
{
    plan->framing = HTTP1_CHUNKED;
    plan->drop_length = facts->length != HTTP_LENGTH_NONE;
    plan->add_chunked = !facts->chunked_last;
}

struct http1_plan http1_plan_request(const struct http_head *head, const struct http_facts *facts,
                                     enum http1_body_known known)
{
    struct http1_plan plan = {.version = head->version};
    if (head->version != HTTP_VERSION_1_0 && head->version != HTTP_VERSION_1_1) {
        plan.refused = "only HTTP/1.0 and HTTP/1.1 requests can be sent as HTTP/1";
        return plan;
    }
    plan.framing = (uint8_t)request_body_rule(head, facts, &plan.length);
    if (plan.framing == HTTP1_CHUNKED) {
        plan_chunked(&plan, facts);
        return plan;
    }
    plan.refused = length_refused(facts);
    plan.drop_coding = facts->transfer_encoding; /* HTTP/1.0 knows of none (DEL-17.5) */
    if (plan.framing == HTTP1_NO_BODY && known == HTTP1_BODY_HAS_DATA &&
        head->version == HTTP_VERSION_1_1 && !expects_no_body(head))
        plan_chunked(&plan, facts);
    return plan;
}

static void frame_response(struct http1_plan *plan, const struct http_facts *facts,
                           enum http1_body_known known)
{
    bool chunks = plan->version == HTTP_VERSION_1_1;
    if (facts->transfer_encoding && chunks) {
        plan_chunked(plan, facts);
    } else if (facts->transfer_encoding) {
        /* what the length beside a coding meant is anybody's guess */
        plan->framing = HTTP1_TO_EOF;
        plan->drop_coding = plan->drop_length = true;
    } else if (facts->length) {
        plan->framing = HTTP1_LENGTH;
        plan->length = facts->content_length;
        plan->refused = length_refused(facts);
    } else if (known == HTTP1_BODY_EMPTY) {
        plan->framing = HTTP1_LENGTH;
        plan->add_length_0 = true;
    } else if (chunks) {
        plan_chunked(plan, facts);
    } else {
        plan->framing = HTTP1_TO_EOF;
    }
}

/* Who answers CONNECT with 2xx speaks HTTP no more; as with the original no tunnel comes of it, the
 * connection ends (AG-24). */
static bool is_tunnel(const struct http_head *head, const struct http1_asker *asker)
{
    return asker->connect && head->status >= 200 && head->status < 300;
}

/* 1xx, 204 and CONNECT answered by 2xx must not say Transfer-Encoding (RFC 9112 section 6.1); the
 * original leaves it out of a 304 too. */
static bool may_have_coding(const struct http_head *head, const struct http1_asker *asker)
{
    return head->status >= 200 && head->status != 204 && head->status != 304 &&
           !is_tunnel(head, asker);
}

static void plan_body(struct http1_plan *plan, const struct http_head *head,
                      const struct http_facts *facts, const struct http1_asker *asker,
                      enum http1_body_known known)
{
    bool coding = may_have_coding(head, asker);
    if (coding && !asker->head)
        frame_response(plan, facts, known);
    else
        plan->drop_coding =
            facts->transfer_encoding && (!coding || plan->version == HTTP_VERSION_1_0);
}

/* An application that speaks 1.0 stays only if it says so. */
static bool stays(const struct http1_plan *plan, const struct http_head *head,
                  const struct http_facts *facts, const struct http1_asker *asker)
{
    if (!asker->keep_alive || facts->close || plan->framing == HTTP1_TO_EOF)
        return false;
    if (plan->upgrade || is_tunnel(head, asker))
        return false;
    return head->version != HTTP_VERSION_1_0 || facts->keep_alive;
}

/* Says in the head what will become of the connection, where the application has not, or has said
 * something else. A 101 says what it wants to. */
static void plan_connection(struct http1_plan *plan, const struct http_head *head,
                            const struct http_facts *facts, const struct http1_asker *asker)
{
    bool old = plan->version == HTTP_VERSION_1_0;
    plan->keep_alive = stays(plan, head, facts, asker);
    if (plan->upgrade)
        return;
    plan->add_keep_alive = plan->keep_alive && old && !facts->keep_alive;
    plan->add_close = !plan->keep_alive && !old && !facts->close;
    plan->drop_keep_alive = !plan->keep_alive && facts->keep_alive;
}

struct http1_plan http1_plan_response(const struct http_head *head, const struct http_facts *facts,
                                      const struct http1_asker *asker, enum http1_body_known known)
{
    bool old = asker->version == HTTP_VERSION_1_0 || head->version == HTTP_VERSION_1_0;
    struct http1_plan plan = {.version = old ? HTTP_VERSION_1_0 : HTTP_VERSION_1_1};
    plan.upgrade = head->status == 101;
    if (head->status < 200 && !plan.upgrade) {
        plan.refused = "an interim status as the final answer";
        return plan;
    }
    plan_body(&plan, head, facts, asker, known);
    plan_connection(&plan, head, facts, asker);
    return plan;
}
