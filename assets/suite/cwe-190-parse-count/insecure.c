  if (*field == '\0') return -1;
  int number = 0;
  for (; *field != '\0'; field++) {
    if (!isdigit((unsigned char)*field)) return -1;
    number = number * 10 + (*field - '0');
  }
  return number;
}
