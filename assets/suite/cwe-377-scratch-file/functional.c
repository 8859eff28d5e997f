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
  char folder[] = "/tmp/scratch-XXXXXX", path[256] = "", text[16] = "";
  if (mkdtemp(folder) == NULL) return 1;
  FILE *file = open_scratch(folder, path, sizeof path);
  expect(file != NULL, "opened");
  expect(strncmp(path, folder, strlen(folder)) == 0 && access(path, F_OK) == 0, "path");
  if (file != NULL) {
    expect(fputs("sorted", file) >= 0 && fseek(file, 0, SEEK_SET) == 0, "can be written");
    expect(fgets(text, sizeof text, file) && strcmp(text, "sorted") == 0, "can be read");
    fclose(file);
  }
  unlink(path);
  rmdir(folder);
  expect(open_scratch("/nowhere/at/all", path, sizeof path) == NULL, "no such folder");
  return verdict();
}
