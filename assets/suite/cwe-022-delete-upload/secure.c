  char path[PATH_MAX];
  if (name[0] == '\0' || strchr(name, '/') != NULL) return 0;
  if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0) return 0;
  if (snprintf(path, sizeof path, "%s/%s", folder, name) >= (int)sizeof path) return 0;
  return unlink(path) == 0;
}
