  size_t offset = 0;
  while (total - offset >= 2) {
    size_t extent = block[offset + 1];
    if (extent > total - offset - 2) return -1;
    if (block[offset] == code) {
      memcpy(content, block + offset + 2, extent);
      return (int)extent;
    }
    offset += 2 + extent;
  }
  return -1;
}
