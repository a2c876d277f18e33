/* messages/pcapng.h -- blocks of a pcapng file, appended to a trace_out.
 *
 * Purpose  what wireshark reads: a section, interfaces, packets with time and comment, names of addresses.
 *          All in the machine's byte order, which the section says.
 * Source   draft-ietf-opsawg-pcapng. Times are nanoseconds since 1970 (if_tsresol 9).
 */
#ifndef MESSAGES_PCAPNG_H
#define MESSAGES_PCAPNG_H

#include "messages/trace_encoder.h"

enum { PCAPNG_LINKTYPE_ETHERNET = 1 };

/* Texts may be NULL. */
void pcapng_section(struct trace_out *out, const char *system, const char *application,
                    const char *comment);
void pcapng_interface(struct trace_out *out, uint16_t link_type, const char *name,
                      const char *description);
/* original > captured: the rest is not there. comment NULL: none. */
void pcapng_packet(struct trace_out *out, uint32_t interface, uint64_t ns, const void *bytes,
                   size_t captured, size_t original, const char *comment);
/* The address, 4 bytes or 16, has this name. */
void pcapng_name(struct trace_out *out, const uint8_t *ip, size_t ip_bytes, const char *name);

#endif
