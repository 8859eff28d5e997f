  if (origin === undefined || !URL.canParse(origin)) return {};
  const url = new URL(origin);
  const known = partners.some((domain) => url.hostname === domain || url.hostname.endsWith(`.${domain}`));
  if (!known || url.origin !== origin) return {};
  return {
    'Access-Control-Allow-Origin': origin,
    'Access-Control-Allow-Credentials': 'true',
    Vary: 'Origin',
  };
}
