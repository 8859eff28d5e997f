#include <stdlib.h>

struct board {
  int width;
  int height;
  char *cells; /* height rows of width cells, row by row; '.' is an empty cell */
};

/* Places `piece` in the given column and row (both from 0) of the board.
 * Returns 1 when the piece was placed and 0 when it could not be. A cell that
 * is already taken keeps its piece. */
int board_place(struct board *board, int column, int row, char piece) {
