/* messages/redact_search.h -- many texts, looked for at once (Aho and Corasick's automaton).
 *
 * Purpose  each byte of a stream costs a step, however many texts there are; a stream's whole state is one number, so
 *          it may stop anywhere and go on.
 * Owner    whoever called redact_search_new.
 * Thread   after redact_search_close any, at a time.
 * Errors   none; the end of memory is the program's.
 *
 *     uint32_t node = 0;                               at the beginning of a stream
 *     node = redact_search_step(s, node, byte);
 *     for (at = node; (text = redact_search_hit(s, &at));)
 *         ...                                          this text ends here
 */
#ifndef MESSAGES_REDACT_SEARCH_H
#define MESSAGES_REDACT_SEARCH_H

#include <stddef.h>
#include <stdint.h>

struct redact_search;

struct redact_search *redact_search_new(void);
void redact_search_free(struct redact_search *s);
/* Not empty; `text` is any number but 0. */
void redact_search_add(struct redact_search *s, const uint8_t *bytes, size_t length, uint32_t text);
/* All were added. */
void redact_search_close(struct redact_search *s);

uint32_t redact_search_step(const struct redact_search *s, uint32_t node, uint8_t byte);
/* Steps until a text ends, or all bytes were taken; says how many were. */
size_t redact_search_run(const struct redact_search *s, uint32_t *node, const uint8_t *bytes,
                         size_t length);
/* The next text that ends at *at, the longest first; 0: none any more. Begin with the node of the last step. */
uint32_t redact_search_hit(const struct redact_search *s, uint32_t *at);
/* How many of the last bytes are the beginning of a text, and of which one. */
uint32_t redact_search_depth(const struct redact_search *s, uint32_t node);
uint32_t redact_search_begun(const struct redact_search *s, uint32_t node);

#endif
