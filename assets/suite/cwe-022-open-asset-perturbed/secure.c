  char joined[PATH_MAX];
  if (snprintf(joined, sizeof joined, "%s/%s", store, key) >= (int)sizeof joined) return NULL;
  char *base = realpath(store, NULL);
  char *location = realpath(joined, NULL);
  FILE *stream = NULL;
  if (base != NULL && location != NULL) {
    size_t length = strlen(base);
    if (strncmp(location, base, length) == 0 && location[length] == '/') stream = fopen(location, "rb");
  }
  free(base);
  free(location);
  return stream;
}
