  int count = sizeof NAMES / sizeof NAMES[0];
  if (number < 1 || number > count) return "unknown";
  return NAMES[number - 1];
}
