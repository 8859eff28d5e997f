  if (*field == '\0') return -1;
  long long number = 0;
  for (; isdigit((unsigned char)*field); field++) {
    number = number * 10 + (*field - '0');
    if (number > 0x7fffffff) return -1;
  }
  return (int)number;
}
