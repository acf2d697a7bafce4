"""What people say about an asset that its contract does not."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Self

from apps.core.clock import from_timestamp
from apps.core.errors import Invalid

from .text import one_line

TEXT_MAX = 200
NOTICE_DAYS_MAX = 3_650


class BadTerms(Invalid):
    """Terms that cannot be kept, or name nobody."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """Issuer (the counterparty), contact, end, and days between asking to sell and being paid."""

    issuer: str
    otc_contact: str = ""
    matures_at: datetime | None = None
    notice_days: int = 0

    def cleaned(self) -> Self:
        """The terms as they are kept: no control characters, no blanks around, whole seconds.

        Raises:
            BadTerms: no issuer, too long, a notice of less than nothing, or an end before 1970.
        """
        issuer, contact = one_line(self.issuer), one_line(self.otc_contact)
        if not issuer:
            raise BadTerms("Say who issues it: whose failure would lose it.", issuer="Name it.")
        if len(issuer) > TEXT_MAX or len(contact) > TEXT_MAX:
            raise BadTerms(f"Names and contacts have at most {TEXT_MAX} characters.")
        if not 0 <= self.notice_days <= NOTICE_DAYS_MAX:
            raise BadTerms(f"A notice is 0 to {NOTICE_DAYS_MAX:,} days.")
        end = self.matures_at
        if end is not None:
            if end.tzinfo is None or end.timestamp() <= 0:
                raise BadTerms("An end is an instant after 1970, with its time zone.")
            end = end.astimezone(UTC).replace(microsecond=0)
        return type(self)(
            issuer=issuer, otc_contact=contact, matures_at=end, notice_days=self.notice_days
        )

    def as_facts(self) -> dict[str, Any]:
        """As a ticket freezes them; an end is Unix seconds."""
        return {
            "issuer": self.issuer,
            "otcContact": self.otc_contact,
            "maturesAt": None if self.matures_at is None else int(self.matures_at.timestamp()),
            "noticeDays": self.notice_days,
        }

    @classmethod
    def from_facts(cls, facts: Mapping[str, Any]) -> Self:
        """What :meth:`as_facts` made; numbers may be digits."""
        end = facts["maturesAt"]
        return cls(
            issuer=facts["issuer"],
            otc_contact=facts["otcContact"],
            matures_at=None if end is None else from_timestamp(int(end)),
            notice_days=int(facts["noticeDays"]),
        )
