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

int delete_upload(const char *folder, const char *name);

int main(void) {
  begin();
  char base[] = "/tmp/upload-XXXXXX", folder[64], absolute[64];
  if (mkdtemp(base) == NULL || chdir(base) != 0) return 1;
  mkdir("uploads", 0755);
  mkdir("uploads/kept", 0755);
  snprintf(folder, sizeof folder, "%s/uploads", base);
  snprintf(absolute, sizeof absolute, "%s/config", base);
  const char *names[] = {"../config", "kept/../../config", absolute, "./../config"};
  for (int i = 0; i < 4; i++) {
    fclose(fopen("config", "w"));
    expect(delete_upload(folder, names[i]) == 0, "no upload has this name");
    expect(access("config", F_OK) == 0, "a file outside of the folder stays");
  }
  unlink("config");
  rmdir("uploads/kept");
  rmdir("uploads");
  if (chdir("/") == 0) rmdir(base);
  return verdict();
}
