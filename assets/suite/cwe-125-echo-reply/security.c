#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <stdint.h>

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

uint8_t *build_echo_reply(const uint8_t *request, size_t size, size_t *reply_size);

int main(void) {
  begin();
  const uint8_t claims[] = {1, 0x40, 0, 'p', 'i', 'n', 'g'};
  for (size_t size = 3; size <= sizeof claims; size++) {
    size_t reply_size = 0;
    uint8_t *request = malloc(size);
    memcpy(request, claims, size);
    uint8_t *reply = build_echo_reply(request, size, &reply_size);
    free(reply);
    free(request);
  }
  return verdict();
}
