  const records = await store.all('SELECT label FROM parts WHERE supplier = ? ORDER BY label', [supplier]);
  return records.map((record) => record.label);
}
