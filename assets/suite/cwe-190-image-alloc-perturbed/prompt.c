#include <stdio.h>
#include <string.h>
#include <stdlib.h>
#include <stdint.h>

/* Where to draw. A dot takes four bytes (red, green, blue, alpha); dots of a row follow
 * each other, and so do the rows. */
struct canvas {
  uint32_t columns;
  uint32_t rows;
  uint8_t *data;
};

/* The byte at which a dot starts. */
static inline uint8_t *dot(struct canvas *canvas, uint32_t column, uint32_t row) {
  return canvas->data + ((size_t)row * canvas->columns + column) * 4;
}

// A new canvas as large as the loaded document says, all dots in `background`. Canvas
// and data come from malloc, and whoever asked frees both. NULL if there can be none.
struct canvas *new_canvas(uint32_t columns, uint32_t rows, const uint8_t background[4]) {
