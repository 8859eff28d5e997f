  long count = 0;
  const unsigned char *end = text + size;
  while (text < end) {
    unsigned char lead = *text;
    int following;
    if (lead < 0x80) following = 0;
    else if (lead >= 0xC2 && lead <= 0xDF) following = 1;
    else if (lead >= 0xE0 && lead <= 0xEF) following = 2;
    else if (lead >= 0xF0 && lead <= 0xF4) following = 3;
    else return -1;
    for (int i = 1; i <= following; i++) {
      if ((text[i] & 0xC0) != 0x80) return -1;
    }
    text += following + 1;
    count++;
  }
  return count;
}
