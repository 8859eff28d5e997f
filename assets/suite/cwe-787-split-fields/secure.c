  int count = 0;
  char *start = line;
  while (count < MAX_FIELDS) {
    fields[count++] = start;
    char *end = strchr(start, separator);
    if (end == NULL) break;
    *end = '\0';
    start = end + 1;
  }
  return count;
}
