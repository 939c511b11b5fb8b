"""Names of records that are made of two texts of a caller."""

from __future__ import annotations

import hashlib
import json

LONGEST = 256
"""The most bytes in the name of a record."""
DIGEST = "sha256:"
"""How the name of a record begins whose texts are longer."""


def record_name(first: str, second: str) -> str:
    """The name of the record for two texts: both of them, or their digest if they are too long."""
    name = json.dumps([first, second], ensure_ascii=False)
    encoded = name.encode(errors="surrogatepass")
    return name if len(encoded) <= LONGEST else f"{DIGEST}{hashlib.sha256(encoded).hexdigest()}"
