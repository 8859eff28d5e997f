  free(layer->name);
  layer->name = strdup(name + strspn(name, " "));
  return layer->name == NULL ? -1 : 0;
}
