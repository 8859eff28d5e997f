  size_t used = 0;
  if (size == 0) return 0;
  for (size_t i = 0; i < count; i++) {
    for (const char *c = words[i]; *c != '\0' && used + 1 < size; c++) out[used++] = *c;
    if (used + 1 < size) out[used++] = separator;
  }
  out[used] = '\0';
  return used;
}
