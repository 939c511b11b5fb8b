"""A backend for `keyring`, so that `keyring.get_password` works where the system has no keyring.

`keyring` finds it by its entry point. A keyring of the system goes before it.
"""

from __future__ import annotations

from functools import cached_property
from typing import List, NoReturn, Optional, Type

from keyring.backend import KeyringBackend
from keyring.compat import properties
from keyring.credentials import Credential, SimpleCredential
from keyring.errors import KeyringError, KeyringLocked, PasswordDeleteError, PasswordSetError

from ._blocking.vault import Vault
from ._errors import VaultError
from ._names import DIGEST, LONGEST, record_name
from ._program import find_program
from .wire import JsonObject

PLUGIN = "python-keyring"
INSTALLATION = "default"


class Keyring(KeyringBackend):
    """Passwords in plugin-vault: one record for each service and user name."""

    @properties.classproperty
    def priority(cls) -> float:
        """Below the keyrings of the systems, which have 4.8 or more, and above those that keep passwords in plain files."""
        try:
            find_program()
        except VaultError as error:
            raise RuntimeError(str(error)) from None
        return 1

    @properties.classproperty
    def name(cls) -> str:
        """The name for display."""
        return "plugin-vault"

    @cached_property
    def _vault(self) -> Vault:
        return Vault(plugin=PLUGIN, installation=INSTALLATION)

    def get_password(self, service: str, username: str) -> Optional[str]:
        """The password, or `None`."""
        record = self._get(record_name(service, username))
        return None if record is None else str(record["password"])

    def set_password(self, service: str, username: str, password: str) -> None:
        """Stores a password."""
        record = {"service": service, "username": username, "password": password}
        try:
            self._vault.set("user", record, name=record_name(service, username))
        except VaultError as error:
            _raise(error, PasswordSetError)

    def delete_password(self, service: str, username: str) -> None:
        """Deletes a password. Raises `PasswordDeleteError` if there is none."""
        try:
            deleted = self._vault.delete("user", name=record_name(service, username))["deleted"]
        except VaultError as error:
            _raise(error, PasswordDeleteError)
        if not deleted:
            raise PasswordDeleteError("There is no such password.")

    def get_credential(self, service: str, username: Optional[str]) -> Optional[Credential]:
        """The user name and the password: of this user, or without one of any user of the service."""
        for name in self._names(service) if username is None else [record_name(service, username)]:
            record = self._get(name)
            if record is not None and record["service"] == service:
                return SimpleCredential(record["username"], record["password"])
        return None

    def _names(self, service: str) -> List[str]:
        """The names of the records that may be of this service."""
        try:
            entries = self._vault.list(context="user")
        except VaultError as error:
            _raise(error, KeyringError)
        begins = record_name(service, "")[: -len('"]')] if len(service) < LONGEST else DIGEST
        return [entry["name"] for entry in entries if entry["name"].startswith((begins, DIGEST))]

    def _get(self, name: str) -> Optional[JsonObject]:
        try:
            return self._vault.get("user", name=name)
        except VaultError as error:
            _raise(error, KeyringError)


def _raise(error: VaultError, otherwise: Type[KeyringError]) -> NoReturn:
    locked = error.kind == "keyUnavailable" and error.data.get("reason") == "locked"
    raise (KeyringLocked if locked else otherwise)(str(error)) from error
