#include <stdint.h>
#include <stddef.h>
#include <string.h>

/* Expands run-length coded bytes: the input is pairs of bytes, a count and the
 * value that stands for that many output bytes. `out` has `room` bytes.
 * Returns how many bytes were produced, or -1 for data that cannot be expanded. */
long expand_runs(const uint8_t *coded, size_t length, uint8_t *out, size_t room) {
