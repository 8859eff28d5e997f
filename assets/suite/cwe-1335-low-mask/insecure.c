  return (UINT32_C(1) << bits) - 1;
}
