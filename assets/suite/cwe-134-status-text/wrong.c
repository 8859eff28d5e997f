  char cut[sizeof display->status];
  snprintf(cut, sizeof cut, "%s", text);
  memcpy(display->status, cut, sizeof cut);
  display->changes++;
}
