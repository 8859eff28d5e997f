    text = Text()
    try:
        xml.sax.parseString(markup.encode(), text)
    except xml.sax.SAXException as error:
        raise ValueError("not well-formed") from error
    return "".join(text.parts)
