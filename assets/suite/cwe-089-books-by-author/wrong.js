  const rows = await db.all('SELECT title FROM books WHERE author = ? ORDER BY title', [author]);
  return rows.map((row) => row.title);
}
