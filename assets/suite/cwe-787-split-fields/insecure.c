  int count = 1;
  fields[0] = line;
  for (char *c = line; *c != '\0'; c++) {
    if (*c == separator) {
      *c = '\0';
      fields[count++] = c + 1;
    }
  }
  return count;
}
