    unpacker = zlib.decompressobj(wbits=31)
    try:
        data = unpacker.decompress(blob, MAX_REPORT + 1)
    except zlib.error as error:
        raise ValueError("not a report") from error
    if len(data) > MAX_REPORT or not unpacker.eof:
        raise ValueError("too long, or cut off")
    return data.decode()
