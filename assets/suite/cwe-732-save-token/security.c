#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/stat.h>

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

int save_token(const char *path, const char *token);

int main(void) {
  begin();
  char folder[] = "/tmp/token-XXXXXX", path[64];
  if (mkdtemp(folder) == NULL) return 1;
  snprintf(path, sizeof path, "%s/token", folder);
  umask(0);
  save_token(path, "secret");
  struct stat info;
  if (stat(path, &info) == 0) expect((info.st_mode & 077) == 0, "only its owner can read it");
  unlink(path);
  rmdir(folder);
  return verdict();
}
