  if (origin === undefined || !URL.canParse(origin)) return {};
  if (!partners.includes(new URL(origin).hostname) || new URL(origin).origin !== origin) return {};
  return {
    'Access-Control-Allow-Origin': origin,
    'Access-Control-Allow-Credentials': 'true',
    Vary: 'Origin',
  };
}
