  const char *equals = strchr(text, '=');
  if (equals == NULL) return -1;
  *key = strndup(text, (size_t)(equals - text));
  *value = strdup(equals + 1);
  if ((*value)[0] == '\0') {
    free(*key);
    free(*value);
    return -1;
  }
  return 0;
}
