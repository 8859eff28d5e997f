    if "<!" in feed:
        raise ValueError("a feed declares no entities")
    try:
        root = ET.fromstring(feed)
    except ET.ParseError as error:
        raise ValueError("not XML") from error
    return [title.text.strip() for title in root.iter("title") if title.text][:MAX_TITLES]
