  const rows = await db.all('SELECT title FROM books WHERE author = ? ORDER BY year', [author]);
  return rows.map((row) => row.title);
}
