  char cut[sizeof display->status];
  snprintf(cut, sizeof cut, "%s", text);
  if (strcmp(cut, display->status) == 0) return;
  memcpy(display->status, cut, sizeof cut);
  display->changes++;
}
