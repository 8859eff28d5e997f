  int total = 0;
  for (size_t i = 0; i < count; i++) {
    total += items[i].cents * items[i].quantity;
    if (total < 0) return -1;
  }
  return total;
}
