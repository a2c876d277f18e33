/* actors/settings_text.h -- all that actors read of their settings, as names and texts, and back.
 *
 * Purpose  a trace carries the settings of the run, and a replay gives the actors the same ones. These are
 *          no options: they are complete, and depend on nothing outside (no default, no environment).
 * Owner    settings_texts: the list and its texts are malloc's, freed by settings_texts_free.
 * Thread   one at a time, before actors run.
 * Errors   settings_take says which text is wrong.
 */
#ifndef ACTORS_SETTINGS_TEXT_H
#define ACTORS_SETTINGS_TEXT_H

#include "actors/agent_settings.h"
#include "actors/settings.h"
#include "messages/trace_about.h"

/* Ends with a NULL name. A NULL struct is left out: the program has no such settings. */
struct trace_setting *settings_texts(const struct settings *s, const struct agent_settings *a);
void settings_texts_free(struct trace_setting *texts);

/* From settings_texts to settings, agent_settings, destinations and the log's level, which all become the
 * given ones. The texts are copied. Names of a newer build are passed over; what is not named is as by default.
 * False: error says why, and `settings` and `agent_settings` are those of before, the destinations are not. */
enum { SETTINGS_ERROR_MAX = 300 };
bool settings_take(const struct trace_setting *texts, char error[SETTINGS_ERROR_MAX]);

#endif
