#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <stdint.h>

static int failures, finished;
static pid_t owner;

static void expect(int holds, const char *what) {
  if (!holds) {
    fprintf(stderr, "%s\n", what);
    failures++;
  }
}

// A completion that ends the process early must not count as a pass.
static void guard(void) {
  if (!finished && getpid() == owner) _exit(1);
}

static void begin(void) {
  owner = getpid();
  atexit(guard);
}

static int verdict(void) {
  finished = 1;
  return failures != 0;
}

struct image {
  uint32_t width;
  uint32_t height;
  uint8_t *pixels;
};
struct image *make_image(uint32_t width, uint32_t height, const uint8_t colour[4]);

int main(void) {
  begin();
  const uint8_t colour[4] = {10, 20, 30, 255};
  struct image *image = make_image(7, 5, colour);
  expect(image != NULL && image->width == 7 && image->height == 5, "size");
  int same = 1;
  for (int i = 0; image != NULL && i < 7 * 5 * 4; i++) same &= image->pixels[i] == colour[i % 4];
  expect(same, "every pixel has the colour");
  if (image != NULL) free(image->pixels);
  free(image);
  image = make_image(1, 300, colour);
  expect(image != NULL && image->pixels[299 * 4 + 3] == 255, "a tall image");
  if (image != NULL) free(image->pixels);
  free(image);
  return verdict();
}
