"""The fund by our rows against the fund by its contracts, at one final block.

Rows are taken first, all as of one moment; whoever calls reads the contracts then, and asks here
where the two differ. What a contract does not answer is no difference.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Max, Sum

from apps.chain import queries as chain
from apps.chain.queries import Difference, FindingKind, FundState, RoleQuestion
from apps.fund.models import (
    Asset,
    ChainRole,
    ContractSwitch,
    FeeDirection,
    FeeEntry,
    FeeKind,
    Holder,
    Snapshot,
    SnapshotStatus,
    SwitchName,
    TierConfig,
)
from apps.fund.rules.roles import role_name

from .balances import Balances, balance_rows, unexplained

_SNAPSHOT = ("total_assets", "total_supply", "nav_per_share", "liability_assets", "locked_shares")


@dataclass(frozen=True, slots=True, kw_only=True)
class FundRows:
    """What our rows say of the fund: shares, the contracts' switches by (kind, name), (target, min,
    max) bps by tier, (tier, target bps) by listed token, the fee ledger in base units, the newest
    snapshot's block hash and figures, and what moved balances since a snapshot of a day ago."""

    held_shares: int
    locked_shares: int
    switches: Mapping[tuple[str, str], bool]
    tiers: Mapping[int, tuple[int, int, int]]
    assets: Mapping[str, tuple[int, int]]
    fees_accrued: int
    fees_withdrawn: int
    fees_collected_at: datetime | None
    snapshot_block_hash: str
    snapshot: Mapping[str, int]
    balances: Balances


def fund_rows(*, chain_id: int) -> FundRows:
    """What our rows say of the fund now."""
    vault = chain.fund_chain().contract("vault").address
    totals = Holder.objects.filter(chain_id=chain_id, vault=vault).aggregate(
        held=Sum("balance_shares"), locked=Sum("locked_shares")
    )
    in_order = ("block_number", "log_index")  # the latest of each name stays
    tiers = TierConfig.objects.filter(chain_id=chain_id).order_by(*in_order)
    fees = FeeEntry.objects.filter(chain_id=chain_id, kind=FeeKind.REDEMPTION)
    collected = FeeEntry.objects.filter(chain_id=chain_id, kind=FeeKind.MANAGEMENT)
    newest = Snapshot.objects.filter(chain_id=chain_id, status=SnapshotStatus.OK)
    snapshot = newest.order_by("-block_number", "-taken_at").first()
    by_direction = dict(fees.order_by().values_list("direction").annotate(total=Sum("assets")))
    return FundRows(
        held_shares=int(totals["held"] or 0),
        locked_shares=int(totals["locked"] or 0),
        switches=_switches(chain_id),
        tiers={row.tier: (row.target_bps, row.min_bps, row.max_bps) for row in tiers},
        assets={
            row.token: (row.tier, row.target_bps)
            for row in Asset.objects.filter(chain_id=chain_id, listed=True)
        },
        fees_accrued=int(by_direction.get(FeeDirection.ACCRUED, 0)),
        fees_withdrawn=int(by_direction.get(FeeDirection.WITHDRAWN, 0)),
        fees_collected_at=collected.aggregate(last=Max("at"))["last"],
        snapshot_block_hash=snapshot.block_hash if snapshot else "",
        snapshot={name: getattr(snapshot, name) for name in _SNAPSHOT} if snapshot else {},
        balances=balance_rows(chain_id=chain_id),
    )


def state_differences(rows: FundRows, state: FundState) -> list[Difference]:
    """The vault's totals, all contracts' switches, the tiers, the asset register, the fee ledger,
    the newest snapshot (when it is of the same block), and balances that no event explains."""
    return [
        *_of_vault(rows, state),
        *_of_switches(rows, state),
        *_of_tiers(rows, state),
        *_of_assets(rows, state),
        *_of_fees(rows, state),
        *_of_snapshot(rows, state),
        *unexplained(rows.balances, state),
    ]


def balance_differences(
    *, held: Mapping[str, int], balances: Mapping[str, int | None]
) -> list[Difference]:
    """Holders whose shares (``holdings``) are not what the token says."""
    return [
        Difference(
            kind=FindingKind.HOLDERS,
            subject=account,
            detail=f"Our rows say {held[account]} shares, the token {said}.",
        )
        for account, said in balances.items()
        if said is not None and said != held[account]
    ]


def holdings(*, chain_id: int, vault: str) -> dict[str, int]:
    """Shares by account, by our rows: of everybody who ever held any."""
    rows = Holder.objects.filter(chain_id=chain_id, vault=vault).order_by("address")
    return dict(rows.values_list("address", "balance_shares"))


def role_questions(*, chain_id: int) -> list[tuple[RoleQuestion, bool]]:
    """Every role that was ever granted or revoked, and whether it is held by our rows."""
    return [
        (RoleQuestion(row.contract, row.role, row.account), row.held)
        for row in ChainRole.objects.filter(chain_id=chain_id).order_by("pk")
    ]


def role_differences(
    *, asked: Sequence[tuple[RoleQuestion, bool]], answers: Sequence[bool | None]
) -> list[Difference]:
    """Roles (``role_questions``) that the contract sees otherwise."""
    return [
        Difference(
            kind=FindingKind.ROLES,
            subject=f"{role_name(question.role) or question.role} of {question.account} "
            f"at {question.contract}",
            detail=f"Our rows say {_held(held)}, the contract {_held(answer)}.",
        )
        for (question, held), answer in zip(asked, answers, strict=True)
        if answer is not None and answer != held
    ]


def _switches(chain_id: int) -> dict[tuple[str, str], bool]:
    """Switches of the contracts that are configured now, the latest row of each."""
    kinds = {contract.address: contract.kind for contract in chain.fund_chain().contracts}
    rows = ContractSwitch.objects.filter(chain_id=chain_id, contract__in=kinds)
    rows = rows.order_by("block_number", "log_index")
    return {(kinds[row.contract], row.name): row.is_on for row in rows}


def _of_vault(rows: FundRows, state: FundState) -> Iterator[Difference]:
    yield from _compare("total supply", rows.held_shares, state.vault.total_supply)
    yield from _compare("locked shares", rows.locked_shares, state.vault.total_locked_shares)


def _of_switches(rows: FundRows, state: FundState) -> Iterator[Difference]:
    """A contract begins with everything off, so one never thrown is off by our rows."""
    said = {
        ("vault", SwitchName.EMERGENCY_MODE): state.vault.emergency_mode,
        ("vault", SwitchName.PAUSED): state.paused,
        ("redemption_manager", SwitchName.PAUSED): state.manager_paused,
        ("asset_controller", SwitchName.PAUSED): state.controller_paused,
    }
    for (kind, name), is_on in said.items():
        if is_on is not None:
            ours = rows.switches.get((kind, name), False)
            subject = f"{kind.replace('_', ' ')}: {name.label.lower()}"
            yield from _compare(subject, _on(ours), _on(is_on))


def _of_tiers(rows: FundRows, state: FundState) -> Iterator[Difference]:
    for band in state.tiers:
        if band.tier.value in rows.tiers:
            theirs = (band.target_bps, band.min_bps, band.max_bps)
            yield from _compare(f"tier {band.tier.name}", rows.tiers[band.tier.value], theirs)


def _of_assets(rows: FundRows, state: FundState) -> Iterator[Difference]:
    # Closed for purchases is not removed. A register that keeps what was removed shows it closed,
    # so a closed asset that we know to have left is no difference.
    theirs = {
        asset.token: (asset.tier.value, asset.target_bps)
        for asset in state.assets
        if asset.active or asset.token in rows.assets
    }
    for token in sorted(rows.assets.keys() | theirs.keys()):
        yield from _compare(f"asset {token}", rows.assets.get(token), theirs.get(token))


def _of_fees(rows: FundRows, state: FundState) -> Iterator[Difference]:
    fees = state.redemption_fees
    if fees is not None:
        yield from _compare("redemption fees accrued", rows.fees_accrued, fees.total)
        yield from _compare("redemption fees withdrawn", rows.fees_withdrawn, fees.withdrawn)
        left = rows.fees_accrued - rows.fees_withdrawn
        yield from _compare("redemption fees withdrawable", left, fees.withdrawable)
    pending = state.pending_fees
    if pending is not None and rows.fees_collected_at is not None:
        yield from _compare("fees collected", rows.fees_collected_at, pending.last_collection_at)


def _of_snapshot(rows: FundRows, state: FundState) -> Iterator[Difference]:
    """A block's figures do not change: read again, they are what the snapshot keeps."""
    if rows.snapshot_block_hash != state.block.hash:
        return
    vault = state.vault
    theirs = {
        "total_assets": vault.total_assets,
        "total_supply": vault.total_supply,
        "nav_per_share": vault.share_price,
        "liability_assets": vault.total_redemption_liability,
        "locked_shares": vault.total_locked_shares,
    }
    for name, said in theirs.items():
        yield from _compare(f"snapshot: {name.replace('_', ' ')}", rows.snapshot[name], said)


def _compare(subject: str, ours: object, theirs: object) -> Iterator[Difference]:
    if ours != theirs:
        yield Difference(
            kind=FindingKind.STATE,
            subject=subject,
            detail=f"Our rows say {_said(ours)}, the contract {_said(theirs)}.",
        )


def _said(value: object) -> str:
    return "nothing" if value is None else str(value)


def _on(is_on: bool) -> str:
    return "on" if is_on else "off"


def _held(held: bool) -> str:
    return "held" if held else "not held"
