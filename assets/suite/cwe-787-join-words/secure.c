  size_t used = 0;
  if (size == 0) return 0;
  for (size_t i = 0; i < count; i++) {
    if (i > 0 && used + 1 < size) out[used++] = separator;
    for (const char *c = words[i]; *c != '\0' && used + 1 < size; c++) out[used++] = *c;
  }
  out[used] = '\0';
  return used;
}
