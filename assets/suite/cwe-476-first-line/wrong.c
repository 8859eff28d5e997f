  FILE *file = fopen(path, "r");
  if (file == NULL) return NULL;
  char line[256];
  char *got = fgets(line, sizeof line, file);
  fclose(file);
  if (got == NULL) return NULL;
  line[strcspn(line, "\n")] = '\0';
  return strdup(line);
}
