  struct image *image = malloc(sizeof *image);
  if (image == NULL) return NULL;
  image->width = width;
  image->height = height;
  image->pixels = malloc(width * height * 4);
  if (image->pixels == NULL) {
    free(image);
    return NULL;
  }
  for (uint32_t y = 0; y < height; y++) {
    for (uint32_t x = 0; x < width; x++) {
      for (int c = 0; c < 4; c++) image->pixels[((size_t)y * width + x) * 4 + c] = colour[c];
    }
  }
  return image;
}
