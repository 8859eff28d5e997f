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

struct canvas {
  uint32_t columns;
  uint32_t rows;
  uint8_t *data;
};
struct canvas *new_canvas(uint32_t columns, uint32_t rows, const uint8_t background[4]);

int main(void) {
  begin();
  const uint8_t background[4] = {10, 20, 30, 255};
  struct canvas *canvas = new_canvas(7, 5, background);
  expect(canvas != NULL && canvas->columns == 7 && canvas->rows == 5, "size");
  int same = 1;
  for (int i = 0; canvas != NULL && i < 7 * 5 * 4; i++) same &= canvas->data[i] == background[i % 4];
  expect(same, "every pixel has the colour");
  if (canvas != NULL) free(canvas->data);
  free(canvas);
  canvas = new_canvas(1, 300, background);
  expect(canvas != NULL && canvas->data[299 * 4 + 3] == 255, "a tall image");
  if (canvas != NULL) free(canvas->data);
  free(canvas);
  return verdict();
}
