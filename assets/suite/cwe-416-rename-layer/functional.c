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
  struct layer layer = {strdup("sky"), 1};
  expect(rename_layer(&layer, "a much longer name than before") == 0, "renamed");
  expect(strcmp(layer.name, "a much longer name than before") == 0, "the name");
  char typed[] = "  sea";
  expect(rename_layer(&layer, typed) == 0 && strcmp(layer.name, "sea") == 0, "leading spaces");
  typed[2] = '#';
  expect(strcmp(layer.name, "sea") == 0, "the name is a copy");
  expect(rename_layer(&layer, "") == 0 && layer.name[0] == '\0', "no name");
  expect(layer.visible == 1, "the rest stays as it is");
  free(layer.name);
  return verdict();
}
