  if (width == 0 || height == 0 || height > SIZE_MAX / 4 / width) return NULL;
  size_t bytes = (size_t)width * height * 4;
  struct image *image = malloc(sizeof *image);
  if (image == NULL) return NULL;
  image->width = width;
  image->height = height;
  image->pixels = malloc(bytes);
  if (image->pixels == NULL) {
    free(image);
    return NULL;
  }
  for (size_t i = 0; i < bytes; i++) image->pixels[i] = colour[0];
  return image;
}
