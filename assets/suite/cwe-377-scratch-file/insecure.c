  if (snprintf(path, size, "%s/sort-%ld.tmp", folder, (long)getpid()) >= (int)size) return NULL;
  return fopen(path, "w+");
}
