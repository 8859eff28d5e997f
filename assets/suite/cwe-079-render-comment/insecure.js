  const body = text.replaceAll('\n', '<br>');
  return `<div class="comment" id="comment-${id}"><b>${author}</b><p>${body}</p></div>`;
}
