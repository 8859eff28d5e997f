#include <stdlib.h>
#include <string.h>
#include <stdint.h>
#include <stddef.h>

/* Option codes that boards of all kinds know. */
enum { OPTION_NAME = 1, OPTION_SERIAL = 7, OPTION_ADDRESS = 9 };

// Boards store their configuration as options: a code (1 byte), the extent of the
// content (1 byte), the content itself; then the next option. This takes the content of
// the earliest option with `code` out of a block of `total` bytes and puts it into
// `content`, a buffer of 255 bytes. The result is the extent of the content, and -1
// for a block without this option.
int option_value(const uint8_t *block, size_t total, uint8_t code, uint8_t *content) {
