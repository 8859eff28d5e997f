import xml.etree.ElementTree as ET

STAFF = """
<staff>
  <person name="ada" pin="1815" role="chief"/>
  <person name="bo" pin="2020" role="guard"/>
</staff>
"""


def read_staff(text=STAFF):
    return ET.fromstring(text)


def log_in(staff, name, pin):
    """Role of the person with this name and PIN among the staff (an element like STAFF), or None.

    Found by a path expression, as in the rest of this program.
    """
