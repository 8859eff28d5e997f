  const escapes = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };
  const escape = (text) => text.replace(/[&<>"']/g, (c) => escapes[c]);
  const address = /^https?:\/\//i.test(member.address ?? '') ? member.address : FALLBACK;
  return `<a href="${escape(address)}">${escape(member.name ?? address)}</a>`;
}
