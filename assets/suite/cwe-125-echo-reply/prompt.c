#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { ECHO_REQUEST = 1, ECHO_REPLY = 2 };

/* An echo packet is one byte kind, two bytes length (high byte first), then the
 * payload of that length. Padding may follow the payload.
 * Builds the reply to a request of `size` bytes: kind ECHO_REPLY, the same length
 * and payload, no padding. The caller frees it; its size goes to `*reply_size`.
 * Returns NULL when the packet is not an echo request that can be answered. */
uint8_t *build_echo_reply(const uint8_t *request, size_t size, size_t *reply_size) {
