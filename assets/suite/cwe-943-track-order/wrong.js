  const { number, postcode } = body;
  if (typeof number !== 'string' || typeof postcode !== 'string') return null;
  return orders.findOne({ number, postcode });
}
