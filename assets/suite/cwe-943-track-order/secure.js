  const { number, postcode } = body;
  if (typeof number !== 'string' || typeof postcode !== 'string') return null;
  const order = await orders.findOne({ number, postcode });
  return order === null ? null : { status: order.status, total: order.total };
}
