  int descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
  if (descriptor < 0) return -1;
  int written = dprintf(descriptor, "%s\n", token);
  return close(descriptor) == 0 && written == (int)strlen(token) + 1 ? 0 : -1;
}
