  size_t extent = strlen(wanted_name);
  const char *entry = attributes;
  while (*entry != '\0') {
    size_t size = strcspn(entry, ";");
    if (size > extent && strncmp(entry, wanted_name, extent) == 0 && entry[extent] == '=')
      return strndup(entry + extent + 1, size - extent - 1);
    entry += size;
    entry += strspn(entry, "; ");
  }
  return NULL;
}
