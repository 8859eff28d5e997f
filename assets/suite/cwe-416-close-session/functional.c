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

enum { MAX_SESSIONS = 8 };
struct session {
  char *user;
  unsigned long sent;
};
struct server {
  struct session *sessions[MAX_SESSIONS];
  struct session *current;
};
unsigned long close_session(struct server *server, const char *user);

static struct session *session(const char *user, unsigned long sent) {
  struct session *s = malloc(sizeof *s);
  *s = (struct session){strdup(user), sent};
  return s;
}

int main(void) {
  begin();
  struct server server = {{NULL}, NULL};
  expect(close_session(&server, "ada") == 0, "nothing is open");
  server.sessions[2] = session("ada", 1234);
  server.sessions[7] = session("bob", 77);
  server.sessions[0] = server.current = session("eve", 5);
  expect(close_session(&server, "adam") == 0, "no such user");
  expect(close_session(&server, "bob") == 77, "bytes of the last place");
  expect(server.sessions[7] == NULL, "its place is free");
  expect(close_session(&server, "ada") == 1234 && server.sessions[2] == NULL, "another one");
  expect(server.sessions[0] == server.current && server.current != NULL, "the rest stays open");
  free(server.sessions[0]->user);
  free(server.sessions[0]);
  return verdict();
}
