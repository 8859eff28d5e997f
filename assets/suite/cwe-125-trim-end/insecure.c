  char *last = line + strlen(line) - 1;
  while (isspace((unsigned char)*last)) last--;
  last[1] = '\0';
  return (size_t)(last + 1 - line);
}
