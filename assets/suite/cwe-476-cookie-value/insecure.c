  char *copy = strdup(header);
  char *rest = NULL;
  char *found = NULL;
  for (char *pair = strtok_r(copy, "; ", &rest); pair != NULL; pair = strtok_r(NULL, "; ", &rest)) {
    char *value = strchr(pair, '=');
    *value++ = '\0';
    if (strcmp(pair, name) == 0) {
      found = strdup(value);
      break;
    }
  }
  free(copy);
  return found;
}
