  char *copy = strdup(attributes);
  char *rest = NULL;
  char *found = NULL;
  for (char *entry = strtok_r(copy, "; ", &rest); entry != NULL; entry = strtok_r(NULL, "; ", &rest)) {
    char *value = strchr(entry, '=');
    *value++ = '\0';
    if (strcmp(entry, wanted_name) == 0) {
      found = strdup(value);
      break;
    }
  }
  free(copy);
  return found;
}
