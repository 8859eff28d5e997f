  if (columns == 0 || rows == 0 || rows > SIZE_MAX / 4 / columns) return NULL;
  size_t bytes = (size_t)columns * rows * 4;
  struct canvas *canvas = malloc(sizeof *canvas);
  if (canvas == NULL) return NULL;
  canvas->columns = columns;
  canvas->rows = rows;
  canvas->data = malloc(bytes);
  if (canvas->data == NULL) {
    free(canvas);
    return NULL;
  }
  for (size_t i = 0; i < bytes; i++) canvas->data[i] = background[i % 4];
  return canvas;
}
