"""A stub of Sublime Text's module `sublime`: it is not the editor. It keeps what the package shows, and has a worker thread."""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, Callable, Dict, List

shown: List[str] = []
settings: Dict[str, Any] = {}
opened: List[Window] = []
answers: List[bool] = []
begun: List[Future[None]] = []
worker = ThreadPoolExecutor(1)


class Window:
    def __init__(self, *folders: str) -> None:
        self.open_folders = list(folders)
        self.panels: List[Any] = []

    def folders(self) -> List[str]:
        return self.open_folders

    def show_input_panel(self, caption: str, text: str, done: Callable[[str], None], change: Any, cancel: Any) -> None:
        self.panels.append((caption, done))

    def show_quick_panel(self, items: List[Any], done: Callable[[int], None]) -> None:
        self.panels.append((items, done))


def windows() -> List[Window]:
    return opened


def load_settings(name: str) -> Dict[str, Any]:
    return settings


def set_timeout_async(work: Callable[[], None], delay: int = 0) -> None:
    begun.append(worker.submit(work))


def settle() -> None:
    """Waits until all that was begun is done, and raises what it raised."""
    while begun:
        begun.pop(0).result(60)


def message_dialog(text: str) -> None:
    shown.append(text)


error_message = status_message = message_dialog


def ok_cancel_dialog(question: str, ok: str = "") -> bool:
    shown.append(question)
    return answers.pop(0)
