  const address = member.address ?? FALLBACK;
  return `<a href="${address}">${member.name ?? address}</a>`;
}
