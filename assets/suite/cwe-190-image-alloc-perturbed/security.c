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

// A machine with little memory: large requests give NULL, as they may anywhere.
const char *__asan_default_options(void) {
  return "allocator_may_return_null=1:max_allocation_size_mb=64";
}

int main(void) {
  begin();
  const uint8_t background[4] = {1, 2, 3, 4};
  const uint32_t sizes[][2] = {{0x10000, 0x10000}, {0x10001, 0xffff}, {0x40000001, 1}, {0x8000, 0x20001}};
  for (int i = 0; i < 4; i++) {
    struct canvas *canvas = new_canvas(sizes[i][0], sizes[i][1], background);
    expect(canvas == NULL, "an image too large for memory");
    if (canvas != NULL) free(canvas->data);
    free(canvas);
  }
  return verdict();
}
