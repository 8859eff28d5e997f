  return db.all(`SELECT name, city, joined FROM members ORDER BY ${sort ?? 'name'}`, []);
}
