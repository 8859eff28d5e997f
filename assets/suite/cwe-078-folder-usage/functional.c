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

long folder_usage(const char *folder);

int main(void) {
  begin();
  char folder[] = "/tmp/usage-XXXXXX";
  if (mkdtemp(folder) == NULL || chdir(folder) != 0) return 1;
  mkdir("empty", 0755);
  mkdir("full", 0755);
  // What a folder itself takes depends on the file system, and may on what it lists.
  FILE *file = fopen("empty/data", "w");
  fclose(file);
  file = fopen("full/data", "w");
  fclose(file);
  long before = folder_usage("full");
  expect(before >= 0 && before == folder_usage("empty"), "two folders with an empty file");
  file = fopen("full/data", "w");
  for (int i = 0; i < 100000; i++) fputc('x', file);
  fclose(file);
  expect(folder_usage("full") - before == 100000, "a file of 100000 bytes");
  expect(folder_usage(folder) > 100000, "a folder above it");
  if (freopen("/dev/null", "w", stderr) == NULL) return 1;
  expect(folder_usage("missing") == -1, "no such folder");
  unlink("full/data");
  unlink("empty/data");
  rmdir("full");
  rmdir("empty");
  if (chdir("/") == 0) rmdir(folder);
  return verdict();
}
