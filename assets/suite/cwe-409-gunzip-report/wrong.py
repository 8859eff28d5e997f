    unpacker = zlib.decompressobj(wbits=31)
    data = unpacker.decompress(blob, MAX_REPORT)
    return data.decode()
