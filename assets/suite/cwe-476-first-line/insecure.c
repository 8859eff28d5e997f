  FILE *file = fopen(path, "r");
  char *line = NULL;
  size_t room = 0;
  getline(&line, &room, file);
  fclose(file);
  line[strcspn(line, "\n")] = '\0';
  return line;
}
