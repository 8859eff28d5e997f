  while (first < last) {
    int middle = first + (last - first) / 2;
    int value = read(table, middle);
    if (value == wanted) return middle;
    if (value < wanted) first = middle + 1;
    else last = middle - 1;
  }
  return -1;
}
