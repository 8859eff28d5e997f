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

long count_code_points(const unsigned char *text, size_t size);

int main(void) {
  begin();
  const char *cut[] = {"\xc3", "ab\xe2", "ab\xe2\x82", "\xf0\x9f", "x\xf0\x9f\x98", "\xf4"};
  for (int i = 0; i < 6; i++) {
    size_t size = strlen(cut[i]);
    unsigned char *text = malloc(size);
    memcpy(text, cut[i], size);
    count_code_points(text, size);
    free(text);
  }
  return verdict();
}
