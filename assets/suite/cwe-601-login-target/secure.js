  const site = 'http://site.invalid';
  const next = query.next || HOME;
  if (!URL.canParse(next, site)) return HOME;
  const url = new URL(next, site);
  return url.origin === site && next.startsWith('/') ? url.pathname + url.search + url.hash : HOME;
}
