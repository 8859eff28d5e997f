  if (fprintf(book, "%d ", page) < 0) return -1;
  if (remark[0] != '\0' && fprintf(book, remark) < 0) return -1;
  return fputc('\n', book) == EOF ? -1 : 0;
}
