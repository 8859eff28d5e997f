  int total = 0;
  for (size_t i = 0; i < count; i++) {
    int price;
    if (__builtin_mul_overflow(items[i].cents, items[i].quantity, &price)) return -1;
    if (price <= 0 || __builtin_add_overflow(total, price, &total)) return -1;
  }
  return total;
}
