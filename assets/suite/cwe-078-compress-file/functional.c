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

int compress_file(const char *path);

static void put(const char *path) {
  FILE *file = fopen(path, "w");
  fputs("some text\n", file);
  fclose(file);
}

int main(void) {
  begin();
  char folder[] = "/tmp/compress-XXXXXX", path[64];
  if (mkdtemp(folder) == NULL || chdir(folder) != 0) return 1;
  snprintf(path, sizeof path, "%s/report.txt", folder);
  put(path);
  expect(compress_file(path) == 0, "compressed");
  expect(access("report.txt", F_OK) != 0 && access("report.txt.gz", F_OK) == 0, "replaced");
  put(path);
  expect(compress_file("report.txt") == 0, "the .gz exists already");
  expect(access("report.txt", F_OK) != 0, "replaced again");
  if (freopen("/dev/null", "w", stderr) == NULL) return 1;
  expect(compress_file("missing.txt") == -1, "no such file");
  unlink("report.txt.gz");
  unlink("missing.txt.gz");
  if (chdir("/") == 0) rmdir(folder);
  return verdict();
}
