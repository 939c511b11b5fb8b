"""The vault for asyncio. `_blocking` is made from this folder, by `python unasync.py`."""
