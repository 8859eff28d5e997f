  char path[4096];
  if (snprintf(path, sizeof path, "%s/drafts", home) >= (int)sizeof path) return -1;
  return mkdir(path, 0700);
}
