  for (const dish in custom) {
    const entry = custom[dish];
    const both = [entry, menu[dish]].every((v) => v !== null && !Array.isArray(v) && ['object', 'function'].includes(typeof v));
    if (both) overlay(menu[dish], entry);
    else menu[dish] = entry;
  }
  return menu;
}
