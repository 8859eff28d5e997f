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

static void put(const char *location) {
  FILE *stream = fopen(location, "w");
  fputs("secret", stream);
  fclose(stream);
}

int main(void) {
  begin();
  char base[] = "/tmp/asset-XXXXXX", store[64], absolute[64];
  if (mkdtemp(base) == NULL || chdir(base) != 0) return 1;
  mkdir("www", 0755);
  mkdir("www/css", 0755);
  mkdir("www-old", 0755);
  put("secret.txt");
  put("www-old/page");
  snprintf(store, sizeof store, "%s/www", base);
  snprintf(absolute, sizeof absolute, "%s/secret.txt", base);
  const char *keys[] = {"../secret.txt", "css/../../secret.txt", absolute, "../www-old/page",
                         "./../secret.txt", "css//..//../secret.txt"};
  for (int i = 0; i < 6; i++) {
    FILE *stream = fetch_template(store, keys[i]);
    expect(stream == NULL, "a file outside of the folder");
    if (stream != NULL) fclose(stream);
  }
  unlink("secret.txt");
  unlink("www-old/page");
  rmdir("www-old");
  rmdir("www/css");
  rmdir("www");
  if (chdir("/") == 0) rmdir(base);
  return verdict();
}
