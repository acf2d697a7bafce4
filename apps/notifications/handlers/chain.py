"""Messages about what the contracts said and about the chain itself.

What is told on seen may still be undone by the chain, so the words say "unconfirmed".
"""

from datetime import datetime

from apps.chain import queries as chain
from apps.chain.events import (
    ChainFact,
    ChainHalted,
    ContractParameterUpdated,
    ContractReferenceUpdated,
    CriticalLiquidityAlert,
    EmergencyModeChanged,
    FinalityStalled,
    FindingOpened,
    LogParked,
    LowLiquidityAlert,
    RoleGranted,
    SettlementLiquidityInsufficient,
)
from apps.chain.queries import ChainConfig, explorer_tx_url, fund_chain
from apps.core import clock
from apps.core.units import format_amount, format_bps
from apps.fund.queries import parameter_text
from apps.notifications.operations import notify, push
from apps.notifications.rules import Severity
from apps.redemptions.queries import redemption_key

from .links import admin_link

_UNCONFIRMED = (
    "This was seen on the chain and is not final yet: unconfirmed. It can still be undone."
)
_ON_CALL = ("RISK_OFFICER", "ADMIN")
_DRIFT = ("ADMIN", "SUPER_ADMIN")


def alert_low_liquidity(fact: LowLiquidityAlert) -> None:
    """The contract says liquidity is low."""
    _liquidity(fact, "low", Severity.WARNING)


def alert_critical_liquidity(fact: CriticalLiquidityAlert) -> None:
    """The contract says liquidity is critical."""
    _liquidity(fact, "critical", Severity.CRITICAL)


def alert_emergency_mode(fact: EmergencyModeChanged) -> None:
    """The vault's emergency mode was switched."""
    word = "on" if fact.enabled else "off"
    new = _alert(
        fact,
        kind="EMERGENCY_MODE",
        subject=f"Emergency mode was switched {word} (unconfirmed)",
        details=[("Vault", fact.source.address), *_where(fact)],
        severity=Severity.CRITICAL,
    )
    if new:
        push(
            "risk:alert",
            {"kind": "EMERGENCY_MODE", "enabled": fact.enabled, **_source(fact)},
            clock.now(),
        )


def alert_reference(fact: ContractReferenceUpdated) -> None:
    """A contract was pointed at an address that is not one of the configured contracts."""
    if fact.new_address in _known_addresses(fund_chain()):
        return
    _drift(
        fact,
        kind="CONTRACT_REFERENCE",
        subject=f"{fact.source.contract_kind} points elsewhere: {fact.name}",
        body="A contract was set to an address that the chain file does not name. "
        "When this was planned, change the chain file; when not, act at once.",
        details=[
            ("Setting", fact.name),
            *([("For", fact.subject)] if fact.subject else []),
            ("Before", fact.old_address),
            ("Now", fact.new_address),
        ],
    )


def alert_parameter(fact: ContractParameterUpdated) -> None:
    """A contract works by another number: a fee, a threshold, a quota."""
    _drift(
        fact,
        kind="CONTRACT_PARAMETER",
        subject=f"{fact.source.contract_kind} works by another number: {fact.name}",
        body="A setting of a contract was changed on chain. When nobody planned this, act at once.",
        details=[
            ("Setting", fact.name),
            ("Before", parameter_text(fact.name, fact.old_value)),
            ("Now", parameter_text(fact.name, fact.new_value)),
        ],
    )


def alert_unpaid(fact: SettlementLiquidityInsufficient) -> None:
    """A due redemption was not paid: the contract found too little cash."""
    source, at = fact.source, clock.now()
    missing = max(fact.payout_assets - fact.available_assets, 0)
    notify(
        kind="REDEMPTION_UNPAID",
        dedupe_key=f"final:{source.chain_id}:{source.tx_hash}:{source.position}",
        roles=[*_ON_CALL, "OPERATOR"],
        subject=f"Redemption {fact.request_id} is due and was not paid: cash is short",
        body="Raise cash from L2 or L3, then settle it.",
        details=[
            ("To be paid", f"{format_amount(fact.payout_assets)} USDT"),
            ("Cash", f"{format_amount(fact.available_assets)} USDT"),
            ("Missing", f"{format_amount(missing)} USDT"),
            *_where(fact),
        ],
        link=admin_link(
            "redemptions_redemption_change", redemption_key(source.chain_id, fact.request_id)
        ),
        severity=Severity.CRITICAL,
        happened_at=chain.happened_at(source, at=at),
        at=at,
    )


def alert_role(fact: RoleGranted) -> None:
    """A role was granted to an account that is none of ours."""
    if fact.account in _known_addresses(fund_chain()):
        return
    _drift(
        fact,
        kind="ROLE_GRANTED",
        subject=f"An on-chain role of {fact.source.contract_kind} was granted",
        body="A role was granted to an account that the chain file does not name.",
        details=[("Role", fact.role), ("Account", fact.account), ("Granted by", fact.granted_by)],
    )


def tell_halt(fact: ChainHalted) -> None:
    """The listener stopped: everything about the chain stands still until a person has looked."""
    notify(
        kind="CHAIN_HALTED",
        dedupe_key=f"halted:{fact.chain_id}:{fact.at.isoformat()}",
        roles=_DRIFT,
        subject=f"Chain {fact.chain_id} is halted",
        body=f"{fact.reason}\n\nNothing of this chain is read or sent until a person has looked.",
        details=[("Chain", str(fact.chain_id)), ("At", _time(fact.at))],
        link=admin_link("index"),
        severity=Severity.CRITICAL,
        at=fact.at,
    )
    push(
        "risk:alert",
        {"kind": "CHAIN_HALTED", "chainId": fact.chain_id, "reason": fact.reason},
        fact.at,
    )


def tell_stalled(fact: FinalityStalled) -> None:
    """Blocks are made and none becomes final: what is applied rests on depth meanwhile."""
    final = "none" if fact.final_number is None else str(fact.final_number)
    notify(
        kind="FINALITY_STALLED",
        dedupe_key=f"stalled:{fact.chain_id}:{fact.since.isoformat()}",
        roles=_DRIFT,
        subject=f"Chain {fact.chain_id} makes blocks, but none becomes final",
        body="Until that changes, blocks count as final by their depth. If it lasts, ask whether "
        "the chain is in trouble before anything large is approved.",
        details=[
            ("Newest final block", final),
            ("Newest block", str(fact.head_number)),
            ("Since", _time(fact.since)),
        ],
        link=admin_link("index"),
        severity=Severity.CRITICAL,
        at=fact.at,
    )


def tell_parked_log(fact: LogParked) -> None:
    """A log could not be applied; later ones of the same subject wait behind it."""
    notify(
        kind="LOG_PARKED",
        dedupe_key=f"parked:{fact.chain_id}:{fact.log_id}",
        roles=["ADMIN", "OPERATOR"],
        subject=f"An event could not be applied: {fact.event or 'unknown event'}",
        body="It waits for a person, and later events of the same subject wait behind it.",
        details=[("Event", fact.event), ("Log", str(fact.log_id)), ("Error", fact.error)],
        link=admin_link("chain_log_change", fact.log_id),
        link_text="Look at the event",
        severity=Severity.WARNING,
        at=fact.at,
    )


def tell_finding(fact: FindingOpened) -> None:
    """A check found that our rows and the chain, or our rows among themselves, differ."""
    healed = f"\n\nIt was put right at once: {fact.outcome}." if fact.outcome else ""
    notify(
        kind="FINDING",
        dedupe_key=f"finding:{fact.finding_id}",
        roles=_DRIFT,
        subject=f"A check found a difference: {fact.subject}"[:200],
        body=f"{fact.detail}{healed}",
        details=[("Chain", str(fact.chain_id)), ("Check", fact.kind), ("What", fact.subject)],
        link=admin_link("system_health"),
        severity=Severity.WARNING if fact.outcome else Severity.CRITICAL,
        at=fact.at,
    )


def _liquidity(
    fact: LowLiquidityAlert | CriticalLiquidityAlert, word: str, severity: Severity
) -> None:
    new = _alert(
        fact,
        kind=f"{word.upper()}_LIQUIDITY",
        subject=f"Liquidity is {word}: {format_bps(fact.ratio_bps)} (unconfirmed)",
        details=[
            ("Liquidity", format_bps(fact.ratio_bps)),
            ("Threshold", format_bps(fact.threshold_bps)),
            ("Available", f"{format_amount(fact.available_assets)} USDT"),
            *_where(fact),
        ],
        severity=severity,
    )
    if new:
        push(
            "risk:alert",
            {
                "kind": f"{word.upper()}_LIQUIDITY",
                "ratio": f"{fact.ratio_bps / 10_000:.4f}",
                "threshold": f"{fact.threshold_bps / 10_000:.4f}",
                "availableAssets": str(fact.available_assets),
                **_source(fact),
            },
            clock.now(),
        )


def _alert(
    fact: ChainFact,
    *,
    kind: str,
    subject: str,
    details: list[tuple[str, str]],
    severity: Severity,
) -> bool:
    """Tell those on call; False when this was told before or is too old to be told."""
    source, at = fact.source, clock.now()
    created = notify(
        kind=kind,
        dedupe_key=f"seen:{source.chain_id}:{source.tx_hash}:{source.position}",
        roles=_ON_CALL,
        subject=subject,
        body=_UNCONFIRMED,
        details=details,
        link=admin_link("index"),
        severity=severity,
        happened_at=chain.happened_at(source, at=at),
        at=at,
    )
    return bool(created)


def _drift(
    fact: ChainFact, *, kind: str, subject: str, body: str, details: list[tuple[str, str]]
) -> None:
    source, at = fact.source, clock.now()
    notify(
        kind=kind,
        dedupe_key=f"final:{source.chain_id}:{source.tx_hash}:{source.position}",
        roles=_DRIFT,
        subject=subject,
        body=body,
        details=[("Contract", source.address), *details, *_where(fact)],
        link=admin_link("index"),
        severity=Severity.CRITICAL,
        happened_at=chain.happened_at(source, at=at),
        at=at,
    )


def _known_addresses(config: ChainConfig) -> set[str]:
    contracts = {contract.address for contract in config.contracts}
    return contracts | {signer.address for signer in config.signers}


def _where(fact: ChainFact) -> list[tuple[str, str]]:
    source = fact.source
    transaction = explorer_tx_url(source.chain_id, source.tx_hash) or source.tx_hash
    return [
        ("Block", f"{source.block_number:,} of {_time(source.block_time)}"),
        ("Transaction", transaction),
    ]


def _source(fact: ChainFact) -> dict[str, object]:
    source = fact.source
    return {
        "blockNumber": source.block_number,
        "blockTime": source.block_time.isoformat().replace("+00:00", "Z"),
        "txHash": source.tx_hash,
        "confirmed": False,
    }


def _time(value: datetime) -> str:
    return f"{value:%Y-%m-%d %H:%M:%S} UTC"
