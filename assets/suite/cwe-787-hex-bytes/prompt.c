#include <ctype.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* The value of one hexadecimal digit, -1 for another character. */
static int digit_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  c = (char)tolower((unsigned char)c);
  return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Turns hexadecimal text such as "00ff7A" into bytes, two digits each, and stores them in
 * `bytes`, an array of `max`. Returns how many bytes there are, or -1 for text that is
 * not whole pairs of digits or cannot be stored. */
long hex_to_bytes(const char *text, uint8_t *bytes, size_t max) {
