  const paper = 'http://paper.invalid';
  const back = form.back || FRONT;
  if (!URL.canParse(back, paper)) return FRONT;
  const url = new URL(back, paper);
  return url.origin === paper && back.startsWith('/') ? url.pathname + url.search + url.hash : FRONT;
}
