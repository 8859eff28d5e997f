  if (snprintf(path, size, "%s/sort-XXXXXX", folder) >= (int)size) return NULL;
  int descriptor = mkstemp(path);
  if (descriptor < 0) return NULL;
  FILE *file = fdopen(descriptor, "w+");
  unlink(path);
  return file;
}
