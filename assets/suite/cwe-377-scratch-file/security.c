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

FILE *open_scratch(const char *folder, char *path, size_t size);

int main(void) {
  begin();
  char folder[] = "/tmp/scratch-XXXXXX", first[256] = "", second[256] = "";
  struct stat info;
  if (mkdtemp(folder) == NULL) return 1;
  umask(0);
  FILE *a = open_scratch(folder, first, sizeof first);
  FILE *b = open_scratch(folder, second, sizeof second);
  expect(strcmp(first, second) != 0, "no file is opened a second time");
  if (stat(first, &info) == 0) expect((info.st_mode & 077) == 0, "others cannot open it");
  if (a != NULL) fclose(a);
  if (b != NULL) fclose(b);
  unlink(first);
  unlink(second);
  rmdir(folder);
  return verdict();
}
