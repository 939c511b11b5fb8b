"""Makes `_blocking.py`, the vault for threads, from `_async.py`, the vault for asyncio.

Both are the same code: the words of asyncio are left out, and the names of classes and of one import are replaced. What
differs in fact is in `_aio.py` and `_threads.py`. `python unasync.py` writes the file; a test compares it.
"""

import re
from pathlib import Path

PACKAGE = Path(__file__).parent / "src" / "plugin_vault"
SOURCE = PACKAGE / "_async.py"
RESULT = PACKAGE / "_blocking.py"

RULES = [
    (r'\A""".*?"""', '"""The vault for threads. Made from `_async.py` by `unasync.py`; do not edit."""'),
    (r"from \._aio import Answer, (.*), Value, ", r"from ._threads import \1, "),
    (r"\bAsync(?=[A-Z])", ""),
    (r"The data of one key\.", "The data of one key, for any number of threads."),
    (r"Answer\[(.*)\]:", r"\1:"),
    (r"Value\[(.*)\]\]", r"\1]"),
    (r"__a(enter|exit|iter|next)__", r"__\1__"),
    (r"\b(StopAsync)Iteration", "StopIteration"),
    (r"\basync (?=def|for|with)", ""),
    (r"\bawait ", ""),
]


def blocking(text: str) -> str:
    """The blocking form of the source."""
    for pattern, replacement in RULES:
        text = re.sub(pattern, replacement, text, flags=re.DOTALL if pattern.startswith(r"\A") else 0)
    return text


if __name__ == "__main__":
    RESULT.write_text(blocking(SOURCE.read_text(encoding="utf-8")), encoding="utf-8")
