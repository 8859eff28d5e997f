    try:
        root = ET.fromstring(feed)
    except ET.ParseError as error:
        raise ValueError("not XML") from error
    titles = ((item.findtext("title") or "").strip() for item in root.iter("item"))
    return [title for title in titles if title][:MAX_TITLES]
