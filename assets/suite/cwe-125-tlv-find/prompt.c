#include <stdint.h>
#include <stddef.h>
#include <string.h>

/* A message is a sequence of fields: one byte tag, one byte length, then as
 * many bytes of value as the length says.
 * Looks for the first field with the given tag and copies its value to `value`
 * (always large enough: 255 bytes). Returns the length of the value, or -1
 * when the message has no such field. */
int tlv_find(const uint8_t *message, size_t size, uint8_t tag, uint8_t *value) {
