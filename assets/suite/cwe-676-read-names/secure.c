  size_t count = 0;
  while (count < max && fscanf(in, "%15s", names[count]) == 1) count++;
  return count;
}
