  char *bar = malloc(width);
  if (bar == NULL) return NULL;
  size_t done = percent >= 100 ? width : width * percent / 100;
  memset(bar, '.', width);
  memset(bar, '#', done);
  return bar;
}
