  const char *cut = strchr(label, '=');
  if (cut == NULL) return -1;
  *traveller = strndup(label, (size_t)(cut - label));
  *train = strdup(cut + 1);
  if ((*train)[0] == '\0') {
    free(*traveller);
    free(*train);
    return -1;
  }
  return 0;
}
