"""The API for other packages: `from PluginVault.api import open_vault`.

All packages share one sidecar process, which starts when the first call needs it. Where each plugin has a relay of its own,
each plugin has a process.
"""

from pathlib import Path
from typing import Any, Dict, List, Optional

import sublime
from plugin_vault import Sidecar, Vault, VaultError

INSTALLATION = "sublime-text"

PLUGIN = "${plugin}"
"""Where the name of a plugin goes in the setting `connect`: a relay is for one plugin."""

_sidecars: Dict[Optional[str], Sidecar] = {}
"""The process for each socket, and that of the program's own choice."""


def open_vault(plugin: Optional[str] = None, **key: Any) -> Vault:
    """The data of a package, for example `open_vault("me.notes")`, or with a key of its own `open_vault(api_key=…)`.

    Call its methods in `sublime.set_timeout_async` or on a thread of your own: they wait for the disk. Close it in
    `plugin_unloaded`.
    """
    if plugin is None and PLUGIN in (setting("connect") or ""):
        # Without a name there is no socket, and another store must not get the data unnoticed.
        raise VaultError("notPermitted", "A relay has a key of its own. Open the vault with `plugin` and not with `api_key`.")
    return Vault(plugin=plugin, installation=INSTALLATION, sidecar=sidecar(plugin), **key)


def sidecar(plugin: Optional[str] = None) -> Sidecar:
    """The process of this window's plugin host, for a plugin."""
    connect = socket(plugin)
    if connect not in _sidecars:
        _sidecars[connect] = Sidecar(program=program(), connect=connect, workspace_folders=folders())
    return _sidecars[connect]


def program() -> Optional[str]:
    """The user's setting."""
    return setting("program")


def socket(plugin: Optional[str] = None) -> Optional[str]:
    """The socket of the relay for a plugin. `None` if the setting names none: then the program reads its variable."""
    connect = setting("connect")
    if connect is None or PLUGIN not in connect:
        return connect
    return connect.replace(PLUGIN, plugin) if plugin else None


def setting(name: str) -> Optional[str]:
    """A setting of the package, unless it is empty."""
    return sublime.load_settings("PluginVault.sublime-settings").get(name) or None


def folders() -> List[str]:
    """The URIs of the folders that are open in any window."""
    paths = {path: None for window in sublime.windows() for path in window.folders()}
    return [folder_uri(path) for path in paths]


def folder_uri(path: str) -> str:
    """The URI of a folder, for the argument `folder`."""
    return Path(path).as_uri()


def folders_changed() -> None:
    """Tells the sidecar which folders are open."""
    for running in _sidecars.values():
        running.set_workspace_folders(folders())


def close() -> None:
    """Ends the processes."""
    while _sidecars:
        _sidecars.popitem()[1].close()
