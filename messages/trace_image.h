/* messages/trace_image.h -- is this a tpl image of that format? Asked before tpl is.
 *
 * Purpose  tpl believes the counts of arrays in an image, and its flags. A file may come from anywhere, and a
 *          checksum keeps nobody from lying: so every length is walked here first, and only the one form that the
 *          encoder makes is let through.
 * Thread   any; pure.
 */
#ifndef MESSAGES_TRACE_IMAGE_H
#define MESSAGES_TRACE_IMAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The letters of a format here: c v u U i s B, each but the last two also with #, and A( ). */
bool trace_image_fits(const char *format, const uint8_t *image, size_t length);

/* Into the map of this format, and its root is unpacked. False: it does not fit. */
struct tpl_node;
bool trace_image_load(struct tpl_node *map, const char *format, void *image, size_t length);

#endif
