/* tools/wire_input.h -- bytes of messages, out of files, standard input and arguments.
 *
 * Purpose  read what people have: raw bytes of one direction, or lines of hexadecimal digits, with
 *          or without a word that says who speaks.
 *
 *     raw    all bytes belong to one direction
 *     hex    each line is a piece of a direction: digits in pairs, blanks between them allowed, and
 *            `75*1000` for a thousand times the byte 75; in front may stand a number (a time;
 *            ignored) and who speaks, `agent` or `<`, `client` or `>`. Lines that begin with # or
 *            (behind a number) @ are remarks, and so are the first two if they are not hexadecimal.
 *
 * What is not said to be raw or hex is hex if its first piece is nothing but text of that kind.
 * Errors   said on stderr, with the name of the input and the line.
 */
#ifndef TOOLS_WIRE_INPUT_H
#define TOOLS_WIRE_INPUT_H

#include "messages/wire_message.h"

enum wire_input_form { WIRE_INPUT_GUESS, WIRE_INPUT_RAW, WIRE_INPUT_HEX };

/* Bytes of one direction, as they come. Returns 0 to go on, or the exit status to end with. */
typedef int wire_input_piece(void *context, enum wire_from from, const uint8_t *bytes,
                             size_t length);

struct wire_input {
    enum wire_input_form form;
    bool from_given; /* raw needs it, hex lines without a word too */
    enum wire_from from;
    wire_input_piece *piece;
    void *context;
};

/* A file, "-" for standard input, or hexadecimal digits. Returns the exit status. */
int wire_input_read(const struct wire_input *in, const char *what);

#endif
