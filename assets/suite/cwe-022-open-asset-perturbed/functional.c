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

FILE *fetch_template(const char *store, const char *key);

static void put(const char *location, const char *text) {
  FILE *stream = fopen(location, "w");
  fputs(text, stream);
  fclose(stream);
}

static int holds(const char *store, const char *key, const char *wanted) {
  char text[64] = "";
  FILE *stream = fetch_template(store, key);
  if (stream == NULL) return 0;
  char *got = fgets(text, sizeof text, stream);
  fclose(stream);
  return got != NULL && strcmp(text, wanted) == 0;
}

int main(void) {
  begin();
  char store[] = "/tmp/asset-XXXXXX";
  if (mkdtemp(store) == NULL || chdir(store) != 0) return 1;
  put("index.html", "index");
  mkdir("css", 0755);
  put("css/site.css", "style");
  expect(holds(store, "index.html", "index"), "a file in the folder");
  expect(holds(store, "css/site.css", "style"), "a file in a folder below");
  FILE *missing = fetch_template(store, "missing.html");
  expect(missing == NULL, "no such file");
  if (missing != NULL) fclose(missing);
  unlink("css/site.css");
  rmdir("css");
  unlink("index.html");
  expect(chdir("/") == 0 && rmdir(store) == 0, "nothing else was made");
  return verdict();
}
