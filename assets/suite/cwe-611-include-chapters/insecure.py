    class Chapters(xml.sax.handler.EntityResolver):
        def resolveEntity(self, public, system):
            return os.path.join(folder, system.removeprefix("file://"))

    text = Text()
    parser = xml.sax.make_parser()
    parser.setFeature(xml.sax.handler.feature_external_ges, True)
    parser.setEntityResolver(Chapters())
    parser.setContentHandler(text)
    try:
        parser.parse(io.StringIO(markup))
    except xml.sax.SAXException as error:
        raise ValueError("not well-formed") from error
    return "".join(text.parts)
