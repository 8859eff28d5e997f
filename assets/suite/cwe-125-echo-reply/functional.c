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

uint8_t *build_echo_reply(const uint8_t *request, size_t size, size_t *reply_size);

int main(void) {
  begin();
  size_t size = 0;
  const uint8_t padded[] = {1, 0, 4, 'p', 'i', 'n', 'g', 0, 0, 0};
  uint8_t *reply = build_echo_reply(padded, sizeof padded, &size);
  expect(reply != NULL && size == 7 && memcmp(reply, "\x02\x00\x04ping", 7) == 0, "reply");
  free(reply);
  const uint8_t empty[] = {1, 0, 0};
  reply = build_echo_reply(empty, sizeof empty, &size);
  expect(reply != NULL && size == 3 && reply[0] == 2, "empty payload");
  free(reply);
  uint8_t large[3 + 300] = {1, 1, 44};
  large[302] = 'e';
  reply = build_echo_reply(large, sizeof large, &size);
  expect(reply != NULL && size == 303 && reply[1] == 1 && reply[302] == 'e', "length over 255");
  free(reply);
  const uint8_t other[] = {2, 0, 1, 'x'};
  expect(build_echo_reply(other, sizeof other, &size) == NULL, "a reply is not answered");
  return verdict();
}
