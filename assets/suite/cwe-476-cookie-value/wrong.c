  const char *found = strstr(header, name);
  if (found == NULL) return NULL;
  const char *value = found + strlen(name);
  if (*value != '=') return NULL;
  value++;
  return strndup(value, strcspn(value, ";"));
}
