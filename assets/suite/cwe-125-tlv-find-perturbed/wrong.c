  for (size_t offset = 0; offset + 1 < total; offset++) {
    size_t extent = block[offset + 1];
    if (block[offset] == code && extent <= total - offset - 2) {
      memcpy(content, block + offset + 2, extent);
      return (int)extent;
    }
  }
  return -1;
}
