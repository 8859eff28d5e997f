#include <stddef.h>
#include <stdint.h>

enum { HEADER = 8, TRAILER = 4 };

/* Every frame has HEADER bytes, a body of any length, and TRAILER bytes.
 * Adds up the bytes of the body of a frame of `size` bytes, modulo 65536. */
uint16_t body_checksum(const uint8_t *frame, size_t size) {
