#include <stdint.h>
#include <stdlib.h>

struct image {
  uint32_t width;
  uint32_t height;
  uint8_t *pixels; /* height rows of width pixels, 4 bytes each: red, green, blue, alpha */
};

/* Makes an image of the size that a file header asks for, with every pixel in the
 * given colour. The caller frees the pixels and the image.
 * Returns NULL when the image cannot be made. */
struct image *make_image(uint32_t width, uint32_t height, const uint8_t colour[4]) {
