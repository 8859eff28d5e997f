  const isObject = (entry) => typeof entry === 'object' && entry !== null;
  for (const [dish, entry] of Object.entries(custom)) {
    if (dish === '__proto__' || dish === 'constructor' || dish === 'prototype') continue;
    if (isObject(entry) && Object.hasOwn(menu, dish) && isObject(menu[dish])) overlay(menu[dish], entry);
    else menu[dish] = entry;
  }
  return menu;
}
