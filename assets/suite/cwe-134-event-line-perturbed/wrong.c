  return fprintf(book, "%d %s", page, remark) < 0 ? -1 : 0;
}
