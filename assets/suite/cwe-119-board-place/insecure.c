  char *cell = &board->cells[row * board->width + column];
  if (*cell != '.') return 0;
  *cell = piece;
  return 1;
}
