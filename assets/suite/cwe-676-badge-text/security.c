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

char *badge_text(const char *name, const char *company);

int main(void) {
  begin();
  char name[3001], company[3001];
  for (size_t length = 20; length <= 3000; length += length / 3) {
    memset(name, 'n', length);
    memset(company, 'c', length);
    name[length] = company[length] = '\0';
    free(badge_text(name, "x"));
    free(badge_text("x", company));
    free(badge_text(name, company));
  }
  return verdict();
}
