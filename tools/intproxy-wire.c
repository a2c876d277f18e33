/* tools/intproxy-wire.c -- the protocol between mirrord's proxy and agent, for people.
 *
 *     decode encode verdict tap versions gen check       see wire_commands.h
 */
#include "tools/wire_commands.h"
#include "tools/commands.h"
#include "tools/output.h"

static const struct command commands[] = {
    {"decode", wire_decode, "bytes to text, JSON or an annotated dump"},
    {"encode", wire_encode, "text or JSON to bytes"},
    {"verdict", wire_verdict, "what the original's decoder would say of some bytes"},
    {"tap", wire_tap, "stands between a proxy and an agent, and shows what they say"},
    {"versions", wire_versions, "what each version of the protocol brought, and what one lacks"},
    {"gen", wire_gen, "random valid messages"},
    {"check", wire_check, "this program against vectors taken from the original"},
    {NULL, NULL, NULL},
};

static const char forms[] =
    "\n"
    "Text: a message is written as its type would be in Rust, one a line:\n"
    "  TcpSteal(Data{connection_id: 7, bytes: \"GET / HTTP/1.1\\r\\n\"})\n"
    "  Variant, Variant(value), Variant{name: value}; {name: value} for a struct; None, "
    "Some(value);\n"
    "  [value, value]; {\"header\": [\"value\", \"value\"]}; 10.0.0.1, [::1]:80; \"text\", where "
    "\\\" \\\\ \\n\n"
    "  \\r \\t and \\xNN stand for what cannot stand for itself.\n"
    "\n"
    "JSON:\n"
    "  "
    "{\"from\":\"agent\",\"offset\":0,\"size\":9,\"message\":{\"Tcp\":{\"Close\":{\"connection_"
    "id\":7}}}}\n"
    "  A variant without fields is a string, with fields an object of one member. None is null. "
    "Integers\n"
    "  beyond 2^53, and all of 128 bits, are strings of digits. Bytes are a string if they are "
    "text, and\n"
    "  {\"hex\":\"00ff\"} if not. Both forms are lossless: encode gives back what decode has "
    "read.\n"
    "\n"
    "Colours: on a terminal, unless NO_COLOR is set.\n"
    "\n"
    "exit status: 0; 1 check found a difference; 2 a mistake on the command line; 65 bad data; 69 "
    "the\n"
    "agent cannot be reached (tap); 74 something cannot be read or written\n";

int main(int argc, char **argv)
{
    output_begin("intproxy-wire");
    return commands_run("intproxy-wire", commands, forms, argc, argv);
}
