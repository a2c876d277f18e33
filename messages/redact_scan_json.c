/* messages/redact_scan_json.c -- fields of JSON, sound or not; see redact_scan.h
 *
 * A string before a colon names what follows. Where braces and brackets are not what they should be, or missing, names
 * are found all the same; only paths are not.
 */
#include "messages/redact_scan_parts.h"

enum { DEPTH_MAX = 64 };

static struct redact_json_frame *top(struct redact_scan *s)
{
    return s->depth ? &s->frames[s->depth - 1] : NULL;
}

/* The value that begins now is secret by its field's name, or by that of something around it; place: what it is. */
static bool json_is_secret(struct redact_scan *s, enum redact_place place)
{
    struct redact_name path[DEPTH_MAX + 1];
    struct redact_json_frame *f = top(s);
    size_t names = 0;
    if (f && (place == REDACT_NUMBER ? f->secret_number : f->secret))
        return true;
    if (f && f->list)
        return false; /* decided when the list began */
    for (unsigned i = 0; i < s->depth; i++)
        if (s->frames[i].name_length)
            path[names++] = (struct redact_name){s->frames[i].name, s->frames[i].name_length};
    path[names++] = (struct redact_name){s->key, s->key_length};
    return s->key_length && redact_rules_want_json(s->rules, place, path, names);
}

static void json_push(struct redact_scan *s, bool list)
{
    if (s->depth == DEPTH_MAX) {
        s->depth = 0; /* that is no JSON that we know */
        s->value_follows = false;
        return;
    }
    bool value = s->value_follows || (top(s) && top(s)->list);
    bool secret = value && json_is_secret(s, REDACT_JSON);
    bool secret_number = value && json_is_secret(s, REDACT_NUMBER);
    if (s->depth == s->frames_room) {
        s->frames_room = s->frames_room ? s->frames_room * 2 : 4;
        s->frames = redact_grown(s->frames, s->frames_room * sizeof *s->frames);
    }
    struct redact_json_frame *f = &s->frames[s->depth++];
    f->list = list;
    f->secret = secret;
    f->secret_number = secret_number;
    f->name_length = s->value_follows ? s->key_length : 0;
    memcpy(f->name, s->key, f->name_length);
    s->value_follows = false;
    s->key_length = 0;
}

static void json_string_begin(struct redact_scan *s)
{
    bool value = s->value_follows || (top(s) && top(s)->list);
    s->json_step = JSON_STRING;
    s->escaped = false;
    if (!value) /* it may be the next key */
        s->key_length = 0;
    s->key_written.length = 0;
    if (value && json_is_secret(s, REDACT_JSON))
        redact_gather_begin(&s->string, s->key, s->key_length, s->at + 1);
    else
        redact_inner_begin(s, &s->in_string, REDACT_STRING, s->at + 1);
}

/* It may be the name of what follows: as it is meant, whatever was escaped in it. */
static void json_key_end(struct redact_scan *s)
{
    struct redact_bytes meant = {0}, *b = &s->key_written;
    bool coded = b->length && memchr(b->at, '\\', b->length) &&
                 redact_decode(REDACT_STRING, b->at, b->length, &meant);
    const struct redact_bytes *key = coded ? &meant : b;
    s->key_length = (uint8_t)(key->length < REDACT_NAME_ROOM ? key->length : REDACT_NAME_ROOM);
    if (s->key_length)
        memcpy(s->key, key->at, s->key_length);
    free(meant.at);
}

static void json_string_end(struct redact_scan *s)
{
    redact_inner_end(s->in_string);
    if (!s->string.on && !s->value_follows && !(top(s) && top(s)->list))
        json_key_end(s);
    if (s->string.on)
        redact_give(s, &s->string, REDACT_JSON, REDACT_STRING, s->string.bytes.length);
    s->string.on = false;
    s->json_step = JSON_BETWEEN;
    s->value_follows = false;
}

static void json_number_end(struct redact_scan *s)
{
    if (s->string.on && s->number_exact)
        redact_give(s, &s->string, REDACT_JSON, REDACT_PLAIN, s->string.bytes.length);
    s->string.on = false;
    s->json_step = JSON_BETWEEN;
    s->value_follows = false;
}

static void json_between(struct redact_scan *s, uint8_t c)
{
    bool value = s->value_follows || (top(s) && top(s)->list);
    switch (c) {
    case '{':
    case '[': json_push(s, c == '['); break;
    case '}':
    case ']':
        s->depth -= s->depth > 0;
        s->value_follows = false;
        s->key_length = 0;
        break;
    case ',':
        s->value_follows = false;
        s->key_length = 0;
        break;
    case ':': s->value_follows = s->key_length > 0; break;
    case '"': json_string_begin(s); break;
    default:
        if (value && (c == '-' || (c >= '0' && c <= '9')) && json_is_secret(s, REDACT_NUMBER)) {
            s->json_step = JSON_NUMBER;
            s->number_exact = true;
            redact_gather_begin(&s->string, s->key, s->key_length, s->at);
            redact_gather(s, &s->string, REDACT_JSON, c);
        }
    }
}

static void json_key_byte(struct redact_scan *s, uint8_t c)
{
    enum { ESCAPED = 6 };
    if (s->key_written.length < (size_t)ESCAPED * REDACT_NAME_ROOM)
        redact_bytes_add(&s->key_written, c);
}

static void json_string_byte(struct redact_scan *s, uint8_t c)
{
    if (c == '"' && !s->escaped) {
        json_string_end(s);
        return;
    }
    s->escaped = c == '\\' && !s->escaped;
    if (redact_inner_is_on(s->in_string))
        redact_inner_byte(s->in_string, c);
    if (s->string.on)
        redact_gather(s, &s->string, REDACT_JSON, c);
    else if (!s->value_follows && !(top(s) && top(s)->list))
        json_key_byte(s, c);
}

void redact_json_byte(struct redact_scan *s, uint8_t c)
{
    if (s->json_step == JSON_STRING) {
        json_string_byte(s, c);
        return;
    }
    if (s->json_step == JSON_NUMBER) {
        if ((c >= '0' && c <= '9') || c == '.') {
            redact_gather(s, &s->string, REDACT_JSON, c);
            return;
        }
        s->number_exact &= (c | 32) != 'e';
        json_number_end(s);
    }
    json_between(s, c);
}

void redact_json_line_end(struct redact_scan *s)
{
    if (s->json_step == JSON_NUMBER)
        json_number_end(s);
    else if (s->json_step == JSON_STRING)
        s->key_length = 0;
    redact_inner_end(s->in_string);
    s->string.on = false;
    s->json_step = JSON_BETWEEN;
}

void redact_json_boundary(struct redact_scan *s)
{
    bool was_cut = s->is_cut;
    s->is_cut |= s->json_step == JSON_STRING;
    if (s->json_step == JSON_STRING)
        json_string_end(s);
    else if (s->json_step == JSON_NUMBER)
        json_number_end(s);
    s->is_cut = was_cut;
    s->depth = 0;
    s->value_follows = false;
    s->key_length = 0;
}
