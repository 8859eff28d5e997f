  size_t length = strlen(name);
  const char *pair = header;
  while (*pair != '\0') {
    size_t size = strcspn(pair, ";");
    if (size > length && strncmp(pair, name, length) == 0 && pair[length] == '=')
      return strndup(pair + length + 1, size - length - 1);
    pair += size;
    pair += strspn(pair, "; ");
  }
  return NULL;
}
