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

struct board {
  int width;
  int height;
  char *cells;
};
int board_place(struct board *board, int column, int row, char piece);

int main(void) {
  begin();
  char *cells = malloc(12);
  memset(cells, '.', 12);
  struct board b = {4, 3, cells};
  expect(board_place(&b, 0, 3, 'x') == 0, "row past the end");
  expect(board_place(&b, 4, 2, 'x') == 0, "column past the end");
  expect(board_place(&b, -1, 0, 'x') == 0, "negative column");
  expect(board_place(&b, 0, -1, 'x') == 0, "negative row");
  expect(memchr(cells, 'x', 12) == NULL, "the board is unchanged");
  free(cells);
  return verdict();
}
