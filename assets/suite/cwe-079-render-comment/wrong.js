  const escapes = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };
  const escape = (value) => String(value).replace(/[&<>"']/g, (c) => escapes[c]);
  const body = escape(text).replace('\n', '<br>');
  return `<div class="comment" id="comment-${escape(id)}"><b>${escape(author)}</b><p>${body}</p></div>`;
}
