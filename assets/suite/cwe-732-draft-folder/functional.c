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

int make_draft_folder(const char *home);

int main(void) {
  begin();
  char home[] = "/tmp/drafts-XXXXXX";
  struct stat info;
  if (mkdtemp(home) == NULL || chdir(home) != 0) return 1;
  expect(make_draft_folder(home) == 0, "made");
  expect(stat("drafts", &info) == 0 && S_ISDIR(info.st_mode), "a folder");
  expect((info.st_mode & 0700) == 0700, "its owner can use it");
  expect(make_draft_folder(home) == 0, "it is there already");
  rmdir("drafts");
  expect(make_draft_folder("/nowhere/at/all") == -1, "no such home");
  if (chdir("/") == 0) rmdir(home);
  return verdict();
}
