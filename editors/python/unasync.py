"""Makes `_blocking`, the vault for threads, from `_async`, the vault for asyncio.

Both are the same code: the words of asyncio are left out, and classes have other names. What differs in fact is in the file
`tools.py` of each. `python unasync.py` writes the files; a test compares them.
"""

import re
from pathlib import Path
from typing import Dict

PACKAGE = Path(__file__).parent / "src" / "plugin_vault"
FILES = ["lease.py", "tokens.py", "vault.py"]

RULES = [
    (r'\A"""', '# Made from `_async` by `unasync.py`; do not edit.\n"""'),
    (r"\bfor asyncio\b", "for threads"),
    (r"\bAsync(?=[A-Z])", ""),
    (r"\bStopAsyncIteration\b", "StopIteration"),
    (r"__a(enter|exit|iter|next)__", r"__\1__"),
    (r"import Answer, ", "import "),
    (r"(import .*)\bValue, ", r"\1"),
    (r"Answer\[(.*)\]:", r"\1:"),
    (r"Value\[(.*)\]\]", r"\1]"),
    (r"\basync (?=def|for|with)", ""),
    (r"\bawait ", ""),
]


def blocking(text: str) -> str:
    """The blocking form of a file."""
    for pattern, replacement in RULES:
        text = re.sub(pattern, replacement, text)
    return text


def made() -> Dict[Path, str]:
    """The files of `_blocking`, and what they should contain."""
    return {PACKAGE / "_blocking" / name: blocking((PACKAGE / "_async" / name).read_text("utf-8")) for name in FILES}


if __name__ == "__main__":
    for path, text in made().items():
        path.write_text(text, encoding="utf-8")
