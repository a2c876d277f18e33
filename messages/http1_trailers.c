/* messages/http1_trailers.c -- see http1_trailers.h */
#include "messages/http1_trailers.h"
#include "messages/http1_body.h"

struct span http1_trailers_map(const struct http_head_builder *fields)
{
    size_t size = http_head_builder_map_size(fields);
    struct chunk *c = chunk_new((uint32_t)size);
    http_head_builder_map_write(fields, c->bytes);
    c->used = c->capacity;
    return (struct span){c, 0, (uint32_t)size};
}

struct span http1_trailers_names(const struct http_head *head, const struct http_facts *facts)
{
    if (facts->trailer_bytes == 0 || facts->trailer_bytes > HTTP1_TEXT_MAX)
        return NO_BYTES;
    struct chunk *c = chunk_new((uint32_t)facts->trailer_bytes);
    c->used = (uint32_t)http_fields_join(head->fields, "trailer", c->bytes, c->capacity);
    return (struct span){c, 0, c->used};
}

struct http1_trailers http1_trailers_open(struct span map, struct span names)
{
    struct http1_trailers t = {.map = {span_bytes(map), map.length},
                               .names = {span_bytes(names), names.length},
                               .end_bytes_max = HTTP1_BODY_END_BYTES_MAX};
    uint64_t most = map.length ? http1_body_trailers_bytes_max(t.map) : 0;
    if (most < HTTP1_TEXT_MAX)
        t.end_bytes_max += (uint32_t)most;
    else
        t.map.length = 0;
    return t;
}
