"""Who does something: every door passes it on, and the audit log keeps it by value."""

from dataclasses import dataclass
from typing import Any, Self


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """One who acts, as the audit log remembers them; never a foreign key.

    ``kind`` is "user", "system" (a timer or a process) or "chain" (a contract's log).
    """

    kind: str
    name: str
    user_id: int | None = None
    role: str = ""
    wallet: str = ""
    ip: str = ""
    user_agent: str = ""
    request_id: str = ""

    @classmethod
    def system(cls, name: str) -> Self:
        """A process or timer of ours, for example ``Actor.system("beat")``."""
        return cls(kind="system", name=name)

    @classmethod
    def chain(cls, name: str) -> Self:
        """The chain itself, by the log that says so."""
        return cls(kind="chain", name=name)

    @classmethod
    def of_request(cls, request: Any) -> Self:
        """The signed-in user of an HTTP request (Django's or DRF's), with where they come from."""
        user = request.user
        meta = request.META
        known = bool(user and user.is_authenticated)
        return cls(
            kind="user",
            name=user.get_username() if known else "anonymous",
            user_id=user.pk if known else None,
            role=", ".join(sorted(user.role_names)) if known else "",
            wallet=(user.wallet_address or "") if known else "",
            ip=meta.get("REMOTE_ADDR", ""),
            user_agent=meta.get("HTTP_USER_AGENT", "")[:300],
            request_id=getattr(request, "request_id", "") or meta.get("HTTP_X_REQUEST_ID", "")[:64],
        )
