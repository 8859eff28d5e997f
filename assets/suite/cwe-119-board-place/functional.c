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
  char cells[] = "............";
  struct board b = {4, 3, cells};
  expect(board_place(&b, 0, 0, 'a') == 1 && cells[0] == 'a', "first cell");
  expect(board_place(&b, 3, 2, 'b') == 1 && cells[11] == 'b', "last cell");
  expect(board_place(&b, 1, 2, 'c') == 1 && cells[9] == 'c', "column and row are not mixed up");
  expect(board_place(&b, 1, 2, 'd') == 0 && cells[9] == 'c', "a taken cell keeps its piece");
  return verdict();
}
