  return query.next || HOME;
}
