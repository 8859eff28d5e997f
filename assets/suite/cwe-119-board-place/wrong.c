  if (column < 0 || column >= board->width || row < 0 || row >= board->height) return 0;
  char *cell = &board->cells[column * board->height + row];
  if (*cell != '.') return 0;
  *cell = piece;
  return 1;
}
