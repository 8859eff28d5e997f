  char *bar = malloc(width + 1);
  if (bar == NULL) return NULL;
  size_t done = percent >= 100 ? width : width * percent / 100;
  memset(bar, '#', done);
  memset(bar + done, '.', width - done);
  bar[width] = '\0';
  return bar;
}
