  char joined[PATH_MAX];
  if (snprintf(joined, sizeof joined, "%s/%s", root, name) >= (int)sizeof joined) return NULL;
  char *folder = realpath(root, NULL);
  char *path = realpath(joined, NULL);
  FILE *file = NULL;
  if (folder != NULL && path != NULL) {
    size_t length = strlen(folder);
    if (strncmp(path, folder, length) == 0 && path[length] == '/') file = fopen(path, "rb");
  }
  free(folder);
  free(path);
  return file;
}
