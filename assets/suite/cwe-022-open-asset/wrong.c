  const char *slash = strrchr(name, '/');
  const char *plain = slash != NULL ? slash + 1 : name;
  char path[PATH_MAX];
  if (strcmp(plain, "..") == 0) return NULL;
  if (snprintf(path, sizeof path, "%s/%s", root, plain) >= (int)sizeof path) return NULL;
  return fopen(path, "rb");
}
