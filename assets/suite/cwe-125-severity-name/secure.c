  int count = sizeof NAMES / sizeof NAMES[0];
  if (number < 0 || number >= count) return "unknown";
  return NAMES[number];
}
