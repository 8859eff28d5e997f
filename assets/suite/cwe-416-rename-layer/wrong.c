  char *copy = strdup(name);
  if (copy == NULL) return -1;
  free(layer->name);
  layer->name = copy;
  return 0;
}
