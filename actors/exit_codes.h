/* actors/exit_codes.h -- with which status a program ends; users find the same in README.md and --help. */
#ifndef ACTORS_EXIT_CODES_H
#define ACTORS_EXIT_CODES_H

enum exit_code {
    EXIT_DRAINED = 0,          /* after a signal */
    EXIT_USAGE = 2,            /* also: an address of our own cannot be listened on */
    EXIT_DATA = 65,            /* what was given, or tapped, is malformed */
    EXIT_NOTHING = 66,         /* what was given holds nothing of what was asked for */
    EXIT_UNREACHABLE = 69,     /* the agent, with --no-retry; or by the tap */
    EXIT_IO = 74,              /* something cannot be read, written or (by the tap) listened on */
    EXIT_PROTOCOL = 76,        /* what the agent says is not mirrord-protocol */
    EXIT_REFUSED = 77,         /* by the agent, in words or by silence */
    EXIT_SIGNALLED_AGAIN = 130 /* a second signal: what was under way is not finished */
};

#endif
