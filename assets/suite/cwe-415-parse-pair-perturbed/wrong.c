  const char *cut = strrchr(label, '=');
  if (cut == NULL || cut[1] == '\0') return -1;
  *traveller = strndup(label, (size_t)(cut - label));
  *train = strdup(cut + 1);
  return *traveller != NULL && *train != NULL ? 0 : -1;
}
