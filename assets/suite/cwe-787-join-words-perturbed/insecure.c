  (void)room;
  target[0] = '\0';
  char glue[2] = {divider, '\0'};
  for (size_t i = 0; i < amount; i++) {
    if (i > 0) strcat(target, glue);
    strcat(target, segments[i]);
  }
  return strlen(target);
}
