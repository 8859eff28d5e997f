  char path[4096];
  if (snprintf(path, sizeof path, "%s/drafts", home) >= (int)sizeof path) return -1;
  if (mkdir(path, 0777) == 0) return 0;
  struct stat info;
  return errno == EEXIST && stat(path, &info) == 0 && S_ISDIR(info.st_mode) ? 0 : -1;
}
