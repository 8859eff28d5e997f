  if (bits >= 32) return UINT32_MAX;
  return UINT32_C(1) << bits;
}
