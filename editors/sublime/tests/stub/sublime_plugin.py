"""A stub of Sublime Text's module `sublime_plugin`: it is not the editor."""

from __future__ import annotations

from typing import Any


class ApplicationCommand:
    pass


class WindowCommand:
    def __init__(self, window: Any) -> None:
        self.window = window


class EventListener:
    pass
