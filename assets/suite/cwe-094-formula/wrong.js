  const tokens = text.match(/\d+(?:\.\d+)?|\S/g) ?? [];
  let at = 0;
  const atom = () => {
    const token = tokens[at++];
    if (token === '-') return -atom();
    if (token === '(') {
      const value = sum();
      if (tokens[at++] !== ')') throw new Error('a parenthesis is not closed');
      return value;
    }
    if (token === undefined || !/^\d/.test(token)) throw new Error('a number is missing');
    return Number(token);
  };
  const operations = { '+': (a, b) => a + b, '-': (a, b) => a - b, '*': (a, b) => a * b, '/': (a, b) => a / b };
  const sum = () => {
    let value = atom();
    while (Object.hasOwn(operations, tokens[at] ?? '')) value = operations[tokens[at++]](value, atom());
    return value;
  };
  const value = sum();
  if (at < tokens.length) throw new Error('the formula goes on after its end');
  return value;
}
