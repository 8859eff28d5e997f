  const rows = await db.all(`SELECT title FROM books WHERE author = '${author}' ORDER BY year`);
  return rows.map((row) => row.title);
}
