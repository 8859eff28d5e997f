  const updated = { ...user };
  for (const field of ['displayName', 'bio', 'language']) {
    updated[field] = form[field] || user[field];
  }
  return updated;
}
