"""The errors of the package. They hold what the sidecar answered, and no key and no value."""

from __future__ import annotations

from typing import Any, Dict, Optional


class VaultError(Exception):
    """An error that the sidecar answered, or one of the package itself.

    `kind` is for programs: docs/reference.md lists the kinds of the sidecar. The package adds `programNotFound`,
    `programUnsuitable`, `vaultEnded`, `outcomeUnknown`, `loginNeeded` and `closed`. `retryable` says whether the same call may
    succeed later without any other change. `data` has the other members of the error, for example `revision` and `reason`.
    """

    def __init__(
        self,
        kind: str,
        message: str,
        *,
        code: Optional[int] = None,
        retryable: bool = False,
        data: Optional[Dict[str, Any]] = None,
    ) -> None:
        super().__init__(message)
        self.kind = kind
        self.code = code
        self.retryable = retryable
        self.data: Dict[str, Any] = data or {}


class LoginNeeded(VaultError):
    """No tokens are stored (`data["reason"]` is `missing`), or the server no longer accepts them (`refused`): ask the user."""

    def __init__(self, reason: str) -> None:
        why = "No tokens are stored." if reason == "missing" else "The server refused the stored tokens, which are kept."
        super().__init__("loginNeeded", f"{why} Please log in again.", data={"kind": "loginNeeded", "reason": reason})


def from_wire(error: Dict[str, Any]) -> VaultError:
    """Converts the `error` of an answer."""
    data = error.get("data") or {}
    return VaultError(
        data.get("kind", "internalError"),
        error["message"],
        code=error["code"],
        retryable=data.get("retryable") is True,
        data=data,
    )


def outcome_unknown() -> VaultError:
    """The sidecar ended before it answered."""
    return VaultError(
        "outcomeUnknown",
        "plugin-vault ended before it answered. The call may have been carried out. Read before you write again.",
    )


def cancelled() -> VaultError:
    """The call was cancelled before it was sent."""
    return VaultError("requestCancelled", "The call was cancelled and not carried out.", retryable=True)


def closed() -> VaultError:
    """`close` was called before."""
    return VaultError("closed", "The vault was closed. Open another one.")
