  char path[PATH_MAX];
  if (snprintf(path, sizeof path, "%s/%s", root, name) >= (int)sizeof path) return NULL;
  return fopen(path, "rb");
}
