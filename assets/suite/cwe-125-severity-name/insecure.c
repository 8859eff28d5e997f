  return NAMES[number];
}
