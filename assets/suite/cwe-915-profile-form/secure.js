  const updated = { ...user };
  for (const field of ['displayName', 'bio', 'language']) {
    if (Object.hasOwn(form, field)) updated[field] = form[field];
  }
  return updated;
}
