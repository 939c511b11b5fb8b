"""The API for other packages: `from PluginVault.api import open_vault`.

All packages share one sidecar process, which starts when the first call needs it.
"""

from pathlib import Path
from typing import Any, List, Optional

import sublime
from plugin_vault import Sidecar, Vault

INSTALLATION = "sublime-text"

_sidecar: Optional[Sidecar] = None


def open_vault(plugin: Optional[str] = None, **key: Any) -> Vault:
    """The data of a package, for example `open_vault("me.notes")`, or with a key of its own `open_vault(api_key=…)`.

    Call its methods in `sublime.set_timeout_async` or on a thread of your own: they wait for the disk. Close it in
    `plugin_unloaded`.
    """
    return Vault(plugin=plugin, installation=INSTALLATION, sidecar=sidecar(), **key)


def sidecar() -> Sidecar:
    """The process of this window's plugin host."""
    global _sidecar
    if _sidecar is None:
        _sidecar = Sidecar(program=program(), workspace_folders=folders())
    return _sidecar


def program() -> Optional[str]:
    """The user's setting."""
    return sublime.load_settings("PluginVault.sublime-settings").get("program") or None


def folders() -> List[str]:
    """The URIs of the folders that are open in any window."""
    paths = {path: None for window in sublime.windows() for path in window.folders()}
    return [folder_uri(path) for path in paths]


def folder_uri(path: str) -> str:
    """The URI of a folder, for the argument `folder`."""
    return Path(path).as_uri()


def folders_changed() -> None:
    """Tells the sidecar which folders are open."""
    if _sidecar is not None:
        _sidecar.set_workspace_folders(folders())


def close() -> None:
    """Ends the process."""
    global _sidecar
    if _sidecar is not None:
        _sidecar.close()
        _sidecar = None
