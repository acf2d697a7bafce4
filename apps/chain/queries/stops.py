"""What may not leave now, and why."""

from apps.chain.models import Stop
from apps.chain.rules import scopes


def stops_in_force() -> list[Stop]:
    """Every stop that nobody has lifted, oldest first."""
    return list(Stop.objects.filter(lifted_at__isnull=True).order_by("id"))


def stops_over(chain_id: int, signer: str, kind: str) -> list[Stop]:
    """The stops under which a transaction of this kind stands; ``signer`` may be ""."""
    wanted = scopes.that_cover(chain_id, signer, kind)
    return list(Stop.objects.filter(lifted_at__isnull=True, scope__in=wanted).order_by("id"))


def is_stopped(chain_id: int, signer: str, kind: str) -> Stop | None:
    """The first stop under which a transaction of this kind stands, None when it may leave."""
    return next(iter(stops_over(chain_id, signer, kind)), None)
