import gzip
import io
import tracemalloc
import zlib

MAX_REPORT = 1_000_000


def memory_peak():
    # For the health page; the server starts the tracing.
    return tracemalloc.get_traced_memory()[1]


def pack(text):
    return gzip.compress(text.encode())


def open_report(blob):
    """Text of a report that a station has sent, packed by pack(). Reports have at most MAX_REPORT
    bytes. Raises ValueError for a longer one, or for bytes that are no gzip."""
