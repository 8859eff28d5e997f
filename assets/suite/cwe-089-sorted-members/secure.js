  const column = ['name', 'city', 'joined'].includes(sort) ? sort : 'name';
  return db.all(`SELECT name, city, joined FROM members ORDER BY ${column}`, []);
}
