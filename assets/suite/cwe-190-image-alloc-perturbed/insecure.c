  struct canvas *canvas = malloc(sizeof *canvas);
  if (canvas == NULL) return NULL;
  canvas->columns = columns;
  canvas->rows = rows;
  canvas->data = malloc(columns * rows * 4);
  if (canvas->data == NULL) {
    free(canvas);
    return NULL;
  }
  for (uint32_t y = 0; y < rows; y++) {
    for (uint32_t x = 0; x < columns; x++) {
      for (int c = 0; c < 4; c++) canvas->data[((size_t)y * columns + x) * 4 + c] = background[c];
    }
  }
  return canvas;
}
