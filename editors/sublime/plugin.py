"""The commands of the palette. Each does its work on the thread of `set_timeout_async`, so that none blocks the editor."""

import json
import os
import subprocess
from typing import Any, Callable, Dict, List, Optional

import sublime
import sublime_plugin
from plugin_vault import Vault, VaultError
from plugin_vault._process import why_not_started
from plugin_vault._program import find_program, working_folder

from . import api

PROTECTORS = {"key-file": "a key file", "keyring": "the keyring", "passphrase": "a passphrase", "command": "a program"}


def plugin_unloaded() -> None:
    """Ends the sidecar when the package is disabled or updated."""
    api.close()


def aside(work: Callable[[], None]) -> None:
    """Does something on the other thread, and shows its error."""

    def run() -> None:
        try:
            work()
        except VaultError as error:
            sublime.error_message(f"Plugin Vault: {error}")

    sublime.set_timeout_async(run)


def with_vault(work: Callable[[Vault], None]) -> None:
    """Does something with the store as a whole, which needs no key."""
    aside(lambda: work(api.open_vault("plugin-vault.sublime")))


def run_program(*arguments: str) -> str:
    """The output of a command of the program, for what needs no key. Raises what it says if it fails.

    With a relay it refuses what needs the store itself, so that it does not list or destroy the data of another store.
    """
    connect = api.socket()
    program = find_program(api.program())
    try:
        completed = subprocess.run(
            [program, *arguments],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            env={**os.environ, "PLUGIN_VAULT_CONNECT": connect} if connect else None,
            cwd=working_folder(),
            creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
        )
    except OSError as error:
        raise VaultError("vaultEnded", f"{program} can't be started: {why_not_started(program, error)}.") from error
    if completed.returncode != 0:
        said = completed.stderr.decode(errors="replace").strip()
        raise VaultError("failed", said or "plugin-vault failed and does not say why.")
    return completed.stdout.decode()


class PluginVaultStatusCommand(sublime_plugin.ApplicationCommand):
    """Shows the state of the store."""

    def run(self) -> None:
        """Shows it in a message."""
        with_vault(self.show)

    def show(self, vault: Vault) -> None:
        """Asks the sidecar, and shows the answer."""
        status = vault.status()
        state = "unlocked" if status["keyAvailable"] else "locked"
        kinds = sorted(PROTECTORS.get(each, each) for each in set(status["protectors"]))
        protection = f"Protected by {' and '.join(kinds)}." if kinds else "There is no store yet."
        records = "1 record" if status["records"] == 1 else f"{status['records']} records"
        # A relay does not say what other plugins keep there.
        more = "on the machine of the relay" if status.get("relay") else f"with {records}"
        sublime.message_dialog(f"The store is {state}, {more}.\n{protection}\n{status['dataDir']}")


class PluginVaultUnlockCommand(sublime_plugin.WindowCommand):
    """Unlocks the store."""

    def run(self) -> None:
        """Lets the keyring or a program ask. If none can, asks for the passphrase here."""
        with_vault(self.unlock)

    def unlock(self, vault: Vault, passphrase: Optional[str] = None) -> None:
        """Tries it, and asks again if the passphrase is wrong."""
        try:
            vault.unlock(passphrase=passphrase)
        except VaultError as error:
            if error.data.get("reason") not in ("locked", "wrong", "programMissing"):
                raise
            caption = "Wrong. Passphrase (it is visible):" if passphrase else "Passphrase (it is visible):"
            again = lambda entered: aside(lambda: self.unlock(vault, entered))  # noqa: E731
            self.window.show_input_panel(caption, "", again, None, None)
        else:
            sublime.status_message("Plugin Vault: the store is unlocked")


class PluginVaultLockCommand(sublime_plugin.ApplicationCommand):
    """Locks the store for every process."""

    def run(self) -> None:
        """Locks it, or says why it can't be."""
        with_vault(self.lock)

    def lock(self, vault: Vault) -> None:
        """Asks the sidecar."""
        answer = vault.lock()
        if answer["locked"]:
            sublime.status_message("Plugin Vault: the store is locked")
        elif answer.get("reason") == "keyFile":
            sublime.message_dialog("The store can't be locked: a key file opens it. Add a passphrase, and remove the key file.")
        else:
            sublime.message_dialog("There is no store yet, so there is nothing to lock.")


class PluginVaultListCommand(sublime_plugin.WindowCommand):
    """Shows which plugins keep data. It never shows a value or a key."""

    def run(self) -> None:
        """Shows them in a quick panel."""
        aside(self.show)

    def show(self) -> None:
        """Asks the program."""
        show_plugins(self.window, lambda plugin: None)


class PluginVaultForgetCommand(sublime_plugin.WindowCommand):
    """Destroys all data of a plugin."""

    def run(self) -> None:
        """Lets the user choose the plugin."""
        aside(lambda: show_plugins(self.window, self.ask))

    def ask(self, plugin: str) -> None:
        """Asks first."""
        question = f"Destroy everything that {plugin} has stored, in every editor? It can't be undone."
        if sublime.ok_cancel_dialog(question, "Destroy"):
            aside(lambda: self.forget(plugin))

    def forget(self, plugin: str) -> None:
        """Destroys it."""
        run_program("key", "forget", "--yes", plugin)
        sublime.status_message(f"Plugin Vault: {plugin} is forgotten")


def show_plugins(window: Any, chosen: Callable[[str], None]) -> None:
    """Shows the plugins that keep data."""
    keys: List[Dict[str, Any]] = [key for key in json.loads(run_program("key", "list", "--json")) if key.get("plugin")]
    plugins = sorted({key["plugin"] for key in keys})
    if not plugins:
        sublime.status_message("Plugin Vault: no plugin has data")
        return
    installations = {plugin: {key.get("installation", "") for key in keys if key["plugin"] == plugin} for plugin in plugins}
    items = [[plugin, ", ".join(sorted(installations[plugin]))] for plugin in plugins]
    window.show_quick_panel(items, lambda at: chosen(plugins[at]) if at >= 0 else None)


class PluginVaultFolders(sublime_plugin.EventListener):
    """Tells the sidecar when folders are opened and closed."""

    def on_new_window_async(self, window: Any) -> None:
        """A window was opened."""
        api.folders_changed()

    def on_load_project_async(self, window: Any) -> None:
        """A project was opened."""
        api.folders_changed()

    def on_post_save_project_async(self, window: Any) -> None:
        """Folders of a window were added or removed."""
        api.folders_changed()

    def on_pre_close_window(self, window: Any) -> None:
        """A window is about to be closed."""
        sublime.set_timeout_async(api.folders_changed)
