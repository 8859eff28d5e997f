  const order = await orders.findOne({ number: body.number, postcode: body.postcode });
  return order === null ? null : { status: order.status, total: order.total };
}
