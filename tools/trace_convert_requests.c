/* tools/trace_convert_requests.c -- `convert --to requests`: requests as HTTP/1.1 text.
 *
 * In one stream, each begins with a line "### exchange 3, ...", as the .http files of editors have it, and ends
 * with an empty line; with -o DIR/ each is a file of its own that holds nothing but the request.
 */
#include "tools/trace_convert.h"
#include "tools/trace_gathered_http.h"
#include <inttypes.h>
#include <stdio.h>

static void begin_one(struct convert *c, const struct gathered *x)
{
    size_t before;
    text_add(&c->out, "### ");
    gathered_http_title(&c->out, x);
    before = c->out.length;
    text_add(&c->out, " -- ");
    gathered_http_remarks(&c->out, x);
    if (c->out.length == before + 4)
        c->out.length = before;
    text_add(&c->out, "\n");
}

static void put_request(struct convert *c, const struct gathered *x)
{
    const char *why;
    struct http_head h;
    if (!c->directory)
        begin_one(c, x);
    if (!gathered_http_request_text(&c->out, x, &why)) {
        c->headless++;
        if (!c->directory)
            text_format(&c->out, "### not written: %s\n", why);
        return;
    }
    convert_count_body(c, &x->request);
    if (gathered_http_request(x, &h, NULL))
        convert_count_coded(c, &h, &x->request);
    if (!c->directory)
        text_add(&c->out, "\n\n");
}

static void exchange(struct convert *c, const struct gathered *x)
{
    char name[80];
    put_request(c, x);
    if (!c->directory || !c->out.length)
        return;
    snprintf(name, sizeof name, "%06" PRIu32 ".http", x->number);
    convert_write_file(c, name);
}

const struct convert_form convert_requests = {
    .name = "requests", .exchange = exchange, .selects = true};
