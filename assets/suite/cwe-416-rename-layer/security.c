#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

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

struct layer {
  char *name;
  int visible;
};
int rename_layer(struct layer *layer, const char *name);

int main(void) {
  begin();
  struct layer layer = {strdup("copy of sky"), 1};
  rename_layer(&layer, layer.name);
  expect(strcmp(layer.name, "copy of sky") == 0, "its own name");
  rename_layer(&layer, layer.name + 8);
  expect(strcmp(layer.name, "sky") == 0, "the end of its own name");
  free(layer.name);
  return verdict();
}
