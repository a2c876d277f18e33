/* tools/shared_options.c -- see shared_options.h */
#include "tools/shared_options.h"
#include "actors/destinations.h"
#include "runtime/log.h"
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

bool option_address(struct command_line *c, const char *text, struct address *a)
{
    char error[160];
    if (address_parse(a, text, error))
        return true;
    command_line_mistake(c, "%s", error);
    return false;
}

static bool is_taken(const struct agent_settings *s, const struct address *listen)
{
    for (uint16_t i = 0; i < s->port_count; i++)
        if (listen->port && s->ports[i].listen.port == listen->port)
            return true;
    return false;
}

/* LISTEN=UPSTREAM */
void option_agent_port(struct command_line *c, struct agent_settings *s, const char *value)
{
    struct address listen, upstream;
    char text[256];
    const char *equals = strchr(value, '=');
    if (!equals || (size_t)(equals - value) >= sizeof text) {
        command_line_mistake(c, "\"%s\" names no upstream, write LISTEN=UPSTREAM, e.g. 8080=8081",
                             value);
        return;
    }
    memcpy(text, value, (size_t)(equals - value));
    text[equals - value] = '\0';
    if (!option_address(c, text, &listen) || !option_address(c, equals + 1, &upstream))
        return;
    if (listen.family != ADDRESS_V4 && listen.family != ADDRESS_V6)
        command_line_mistake(c, "\"%s\" has no port to be subscribed to, write PORT or IP:PORT",
                             text);
    else if (upstream.port == 0 && upstream.family != ADDRESS_UNIX)
        command_line_mistake(c, "port 0 cannot be connected to, write HOST:PORT after the =");
    else if (is_taken(s, &listen))
        command_line_mistake(c, "port %u is given twice, leave one out", (unsigned)listen.port);
    else if (s->port_count == AGENT_PORTS_MAX)
        command_line_mistake(c, "more than %d ports, start a second agent for the rest",
                             AGENT_PORTS_MAX);
    else
        s->ports[s->port_count++] = (struct agent_port_setting){listen, destination_add(&upstream)};
}

static const char *newest_text(void)
{
    static char text[VERSION_TEXT_MAX];
    version_format(version_newest(), text);
    return text;
}

bool option_protocol_version(struct command_line *c, const char *value, struct version *v)
{
    struct version read;
    if (!version_parse(value, strlen(value), &read))
        command_line_mistake(c, "\"%s\" is no version, write e.g. 1.8.1", value);
    else if (version_is_prerelease(read))
        command_line_mistake(
            c, "\"%s\" is a pre-release, to which agents give nothing: write a release, e.g. 1.8.1",
            value);
    else if (version_is_after(read, version_newest()))
        command_line_mistake(c, "%s is newer than what this program knows, which is %s", value,
                             newest_text());
    else {
        *v = read;
        return true;
    }
    return false;
}

void print_version(const char *program)
{
    printf("%s %s, mirrord-protocol up to %s\n", program, INTPROXYD_VERSION, newest_text());
}

void option_log_level(struct command_line *c, const char *value)
{
    if (!log_level_parse(value, &log_settings.level))
        command_line_mistake(c, "\"%s\" is none of error, warn, info, debug, trace", value);
}

void option_log_format(struct command_line *c, const char *value)
{
    if (strcmp(value, "json") == 0)
        log_settings.format = LOG_JSON;
    else if (strcmp(value, "text") != 0)
        command_line_mistake(c, "\"%s\" is neither text nor json", value);
}

void raise_descriptor_limit(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < limit.rlim_max) {
        limit.rlim_cur = limit.rlim_max;
        (void)setrlimit(RLIMIT_NOFILE, &limit);
    }
}
