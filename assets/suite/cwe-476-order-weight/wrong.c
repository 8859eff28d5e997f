  long grams = 0;
  for (size_t i = 0; i < count; i++) {
    const struct article *article = find_article(list, articles, lines[i].code);
    if (article != NULL) grams += article->grams;
  }
  return grams;
}
