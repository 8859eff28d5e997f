  return fprintf(book, "%d %s\n", page, remark) < 0 ? -1 : 0;
}
