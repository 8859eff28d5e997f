  const char *slash = strrchr(key, '/');
  const char *plain = slash != NULL ? slash + 1 : key;
  char location[PATH_MAX];
  if (strcmp(plain, "..") == 0) return NULL;
  if (snprintf(location, sizeof location, "%s/%s", store, plain) >= (int)sizeof location) return NULL;
  return fopen(location, "rb");
}
