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

FILE *open_asset(const char *root, const char *name);

static void put(const char *path, const char *text) {
  FILE *file = fopen(path, "w");
  fputs(text, file);
  fclose(file);
}

static int holds(const char *root, const char *name, const char *wanted) {
  char text[64] = "";
  FILE *file = open_asset(root, name);
  if (file == NULL) return 0;
  char *got = fgets(text, sizeof text, file);
  fclose(file);
  return got != NULL && strcmp(text, wanted) == 0;
}

int main(void) {
  begin();
  char root[] = "/tmp/asset-XXXXXX";
  if (mkdtemp(root) == NULL || chdir(root) != 0) return 1;
  put("index.html", "index");
  mkdir("css", 0755);
  put("css/site.css", "style");
  expect(holds(root, "index.html", "index"), "a file in the folder");
  expect(holds(root, "css/site.css", "style"), "a file in a folder below");
  FILE *missing = open_asset(root, "missing.html");
  expect(missing == NULL, "no such file");
  if (missing != NULL) fclose(missing);
  unlink("css/site.css");
  rmdir("css");
  unlink("index.html");
  expect(chdir("/") == 0 && rmdir(root) == 0, "nothing else was made");
  return verdict();
}
