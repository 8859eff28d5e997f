  const char *equals = strchr(text, '=');
  if (equals == NULL || equals[1] == '\0') return -1;
  *key = strndup(text, (size_t)(equals - text));
  *value = strdup(equals + 1);
  return *key != NULL && *value != NULL ? 0 : -1;
}
