/* tools/intproxy-trace.c -- traces of intproxyd and intproxy-agent, for people and for CI.
 *
 * The commands stand in trace_commands.h, each in a file of its own.
 */
#include "tools/trace_commands.h"
#include "messages/kinds.h"
#include "tools/commands.h"
#include "tools/output.h"

static const struct command commands[] = {
    {"replay", trace_replay,
     "recorded inputs into the very same actors: do they do the same again?"},
    {"diagram", trace_diagram, "arrows between lifelines, as a page or as mermaid's text"},
    {"show", trace_show, "one line a message"},
    {"follow", trace_follow, "the same, of a trace that is being written"},
    {"stat", trace_stat, "counts, waits and handling times; the slowest exchanges"},
    {"tree", trace_tree, "one exchange as a story, or a list of all exchanges"},
    {"info", trace_info, "what a trace says of itself, and whether it is whole"},
    {"redact", trace_redact, "a copy without secrets, that replays as the original does"},
    {"convert", trace_convert, "into JSON lines, HAR, curl commands, packets or plain requests"},
    {"diff", trace_diff, "what is different in two traces"},
    {"assert", trace_assert, "a trace is as the golden one: for CI, as TAP or JUnit"},
    {"minimize", trace_minimize, "the few messages of a failing trace that matter"},
    {"as", trace_as_command, "replay against a real peer, as agent, app or client"},
    {NULL, NULL, NULL},
};

static const char status_help[] =
    "\n"
    "exit status: 0; 1 what was asked does not hold (replay, diff, assert, redact --verify); 2 a "
    "mistake on\n"
    "the command line; 65 damaged or bad data; 66 nothing of it could be replayed, or compared; 74 "
    "something\n"
    "cannot be read or written\n";

int main(int argc, char **argv)
{
    output_begin("intproxy-trace");
    messages_init();
    return commands_run("intproxy-trace", commands, status_help, argc, argv);
}
