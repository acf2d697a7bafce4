"""What is known of an asset beside its contract."""

from apps.fund.models import AssetProfile
from apps.fund.rules.terms import Terms


def terms_by_token(*, chain_id: int) -> dict[str, Terms]:
    """Terms of every asset that has any."""
    return {row.token: _terms(row) for row in AssetProfile.objects.filter(chain_id=chain_id)}


def terms_of(*, chain_id: int, token: str) -> Terms | None:
    """Terms of one asset; None when nobody ever said."""
    row = AssetProfile.objects.filter(chain_id=chain_id, token=token.lower()).first()
    return _terms(row) if row else None


def _terms(row: AssetProfile) -> Terms:
    return Terms(
        issuer=row.issuer,
        otc_contact=row.otc_contact,
        matures_at=row.matures_at,
        notice_days=row.notice_days,
    )
