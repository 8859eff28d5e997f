  char cut[sizeof display->status];
  snprintf(cut, sizeof cut, text);
  if (strcmp(cut, display->status) == 0) return;
  strcpy(display->status, cut);
  display->changes++;
}
