#include <stdint.h>
#include <stddef.h>

/* Counts the characters of a UTF-8 text of `size` bytes (no NUL at its end).
 * Every sequence of the text must be whole: one byte below 0x80, or a lead byte
 * (0xC2-0xDF, 0xE0-0xEF, 0xF0-0xF4) with its one, two or three following bytes
 * (0x80-0xBF). Returns -1 for any other text. */
long count_code_points(const unsigned char *text, size_t size) {
