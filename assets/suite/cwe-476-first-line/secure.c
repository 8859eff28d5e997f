  FILE *file = fopen(path, "r");
  if (file == NULL) return NULL;
  char *line = NULL;
  size_t room = 0;
  ssize_t length = getline(&line, &room, file);
  fclose(file);
  if (length < 0) {
    free(line);
    return NULL;
  }
  line[strcspn(line, "\n")] = '\0';
  return line;
}
