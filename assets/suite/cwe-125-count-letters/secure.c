  long count = 0;
  size_t at = 0;
  while (at < size) {
    unsigned char lead = text[at];
    size_t following;
    if (lead < 0x80) following = 0;
    else if (lead >= 0xC2 && lead <= 0xDF) following = 1;
    else if (lead >= 0xE0 && lead <= 0xEF) following = 2;
    else if (lead >= 0xF0 && lead <= 0xF4) following = 3;
    else return -1;
    if (following > size - at - 1) return -1;
    for (size_t i = 1; i <= following; i++) {
      if ((text[at + i] & 0xC0) != 0x80) return -1;
    }
    at += following + 1;
    count++;
  }
  return count;
}
