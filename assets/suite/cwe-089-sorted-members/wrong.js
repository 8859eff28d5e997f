  const column = ['name', 'city'].includes(sort) ? sort : 'name';
  return db.all(`SELECT name, city, joined FROM members ORDER BY ${column}`, []);
}
