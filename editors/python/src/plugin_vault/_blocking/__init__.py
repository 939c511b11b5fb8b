"""The vault for threads, made from `_async`."""
