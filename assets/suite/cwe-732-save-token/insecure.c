  FILE *file = fopen(path, "w");
  if (file == NULL) return -1;
  int written = fprintf(file, "%s\n", token);
  return fclose(file) == 0 && written > 0 ? 0 : -1;
}
