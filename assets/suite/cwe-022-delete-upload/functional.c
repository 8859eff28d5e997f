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

static void put(const char *path) { fclose(fopen(path, "w")); }

int main(void) {
  begin();
  char folder[] = "/tmp/upload-XXXXXX";
  if (mkdtemp(folder) == NULL || chdir(folder) != 0) return 1;
  put("photo.jpg");
  put("my letter.txt");
  put(".draft");
  expect(delete_upload(folder, "photo.jpg") == 1, "deleted");
  expect(access("photo.jpg", F_OK) != 0, "the file is gone");
  expect(access(".draft", F_OK) == 0 && access("my letter.txt", F_OK) == 0, "others stay");
  expect(delete_upload(folder, "my letter.txt") == 1, "a name with a space");
  expect(delete_upload(folder, ".draft") == 1, "a name with a leading full stop");
  expect(delete_upload(folder, "photo.jpg") == 0, "no longer there");
  expect(chdir("/") == 0 && rmdir(folder) == 0, "the folder is empty");
  return verdict();
}
