#include <stdint.h>
#include <string.h>

enum { BODY_ROOM = 64 };

/* A record has a signed 16-bit length (low byte first) and then its body.
 * Copies the body of a record of `size` bytes to `body`, which has BODY_ROOM bytes.
 * Returns the length, or -1 when the body does not fit or is not all there. */
int copy_record(const uint8_t *record, int size, uint8_t *body) {
