#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int finished;
static pid_t owner;

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
  return 0;
}

int cut_label(const char *label, char **traveller, char **train);

int main(void) {
  begin();
  const char *labels[] = {"name=", "=", "", "=v", "name", "a=b"};
  for (int i = 0; i < 6; i++) {
    char *traveller = NULL, *train = NULL;
    cut_label(labels[i], &traveller, &train);
    free(traveller);
    free(train);
  }
  return verdict();
}
