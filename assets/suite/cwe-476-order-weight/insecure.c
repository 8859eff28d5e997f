  long grams = 0;
  for (size_t i = 0; i < count; i++) {
    grams += (long)find_article(list, articles, lines[i].code)->grams * lines[i].amount;
  }
  return grams;
}
