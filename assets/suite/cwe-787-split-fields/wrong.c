  char separators[2] = {separator, '\0'};
  int count = 0;
  for (char *f = strtok(line, separators); f != NULL && count < MAX_FIELDS; f = strtok(NULL, separators))
    fields[count++] = f;
  return count;
}
