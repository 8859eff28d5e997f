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

char *mail_domain(const char *address);

int main(void) {
  begin();
  const char *addresses[] = {"", "ada", "ada.example", "@", "ada@"};
  for (int i = 0; i < 5; i++) {
    char *domain = mail_domain(addresses[i]);
    expect(domain == NULL || strlen(domain) < 20, "no more than was typed");
    free(domain);
  }
  return verdict();
}
