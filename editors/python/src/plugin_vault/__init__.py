"""A private, encrypted store for tokens, login state and settings, shared by all processes and editors of a user.

The package runs plugin-vault, a small program beside yours.

    with Vault(plugin="me.notes") as vault:
        vault.set("user", {"token": "…"})
        vault.get("user")
"""

from ._async.lease import AsyncLease
from ._async.tokens import AsyncTokens
from ._async.vault import AsyncVault, AsyncWatch
from ._blocking.lease import Lease
from ._blocking.tokens import Tokens
from ._blocking.vault import Vault, Watch
from ._errors import LoginNeeded, VaultError
from ._sidecar import Sidecar
from ._version import __version__

__all__ = [
    "AsyncLease",
    "AsyncTokens",
    "AsyncVault",
    "AsyncWatch",
    "Lease",
    "LoginNeeded",
    "Sidecar",
    "Tokens",
    "Vault",
    "VaultError",
    "Watch",
    "__version__",
]
