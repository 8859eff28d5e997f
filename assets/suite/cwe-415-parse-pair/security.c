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

int parse_pair(const char *text, char **key, char **value);

int main(void) {
  begin();
  const char *texts[] = {"name=", "=", "", "=v", "name", "a=b"};
  for (int i = 0; i < 6; i++) {
    char *key = NULL, *value = NULL;
    parse_pair(texts[i], &key, &value);
    free(key);
    free(value);
  }
  return verdict();
}
