/* messages/trace_notes.h -- what a recorder says of itself in a trace's notes, and its readers know again. */
#ifndef MESSAGES_TRACE_NOTES_H
#define MESSAGES_TRACE_NOTES_H

#include "messages/trace_record.h"
#include <string.h>

/* Its last word: */
#define TRACE_NOTE_ENDED   "the program has ended"
#define TRACE_NOTE_CRASHED "the program has crashed"
/* Records before this were lost for a disk that was full, or a pipe that nobody read. */
#define TRACE_NOTE_FULL   "the file could not be written for a while"
#define TRACE_NOTE_FILLED "the file could not be written any more"
/* What a note begins with that says that --trace-last kept less than was asked for. */
#define TRACE_NOTE_SHORT "for want of memory only the last "

static inline bool trace_note_is_short(const struct trace_record *r)
{
    return r->what == TRACE_NOTE &&
           strncmp(r->text, TRACE_NOTE_SHORT, sizeof TRACE_NOTE_SHORT - 1) == 0;
}

static inline bool trace_note_is(const struct trace_record *r, const char *text)
{
    return r->what == TRACE_NOTE && strcmp(r->text, text) == 0;
}

static inline bool trace_note_is_last(const struct trace_record *r)
{
    return trace_note_is(r, TRACE_NOTE_ENDED) || trace_note_is(r, TRACE_NOTE_CRASHED);
}

static inline bool trace_note_is_of_full_file(const struct trace_record *r)
{
    return trace_note_is(r, TRACE_NOTE_FULL) || trace_note_is(r, TRACE_NOTE_FILLED);
}

#endif
