  size_t offset = 0;
  while (offset < total) {
    uint8_t extent = block[offset + 1];
    if (block[offset] == code) {
      memcpy(content, block + offset + 2, extent);
      return extent;
    }
    offset += 2 + extent;
  }
  return -1;
}
