  size_t filled = 0;
  if (room == 0) return 0;
  for (size_t i = 0; i < amount; i++) {
    for (const char *c = segments[i]; *c != '\0' && filled + 1 < room; c++) target[filled++] = *c;
    if (filled + 1 < room) target[filled++] = divider;
  }
  target[filled] = '\0';
  return filled;
}
