  const records = await store.all(`SELECT label FROM parts WHERE supplier = '${supplier}' ORDER BY added`);
  return records.map((record) => record.label);
}
