  const char *found = strstr(attributes, wanted_name);
  if (found == NULL) return NULL;
  const char *value = found + strlen(wanted_name);
  if (*value != '=') return NULL;
  value++;
  return strndup(value, strcspn(value, ";"));
}
