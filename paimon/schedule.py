"""What comes by the clock (UTC). Every task is idempotent and safe late, twice, or lost.

Queues: ``critical`` has a worker of its own; the others share one that empties ``high`` before
``default`` before ``low``, so that filling up history never keeps people waiting.
"""

from typing import Any

from celery.schedules import crontab


def _every(seconds: float, task: str, queue: str = "default") -> dict[str, Any]:
    """A task every so many seconds; one that waited longer than that is not worth running."""
    options = {"queue": queue, "expires": seconds}
    return {"task": task, "schedule": seconds, "options": options}


def _at(when: crontab, task: str, queue: str = "default") -> dict[str, Any]:
    return {"task": task, "schedule": when, "options": {"queue": queue}}


SCHEDULE: dict[str, dict[str, Any]] = {
    # The chain
    "chain: read where nobody leads": _every(3, "chain.poll", "critical"),
    "chain: send where nobody leads": _every(15, "chain.send", "critical"),
    "chain: events against another node": _every(600, "chain.cross_check", "low"),
    # Our rows, against themselves and the chain
    "system: what must always hold": _every(30, "system.check_rows", "high"),
    "system: vault and open redemptions": _every(60, "system.check_state"),
    "system: holders and roles": _at(crontab(minute=50), "system.check_holders", "low"),
    "system: rows made again": _at(crontab(minute=40, hour=2), "system.check_refold", "low"),
    # Prices
    "oracle: ask every source": _every(60, "oracle.observe", "high"),
    "oracle: forget old quotes": _at(crontab(minute=50, hour=3), "oracle.prune", "low"),
    # The fund
    "fund: overview": _every(60, "fund.take_overview"),
    "fund: overview after facts": _every(5, "fund.refresh_overview"),
    "fund: daily snapshots": _every(60, "fund.take_daily", "low"),
    "fund: hourly snapshots": _every(60, "fund.take_hourly", "low"),
    "fund: prune live snapshots": _at(
        crontab(minute=20, hour=3), "fund.prune_live_snapshots", "low"
    ),
    # Tickets and redemptions
    "approvals: time limits": _every(15, "approvals.tick", "high"),
    "redemptions: missing tickets": _every(15, "redemptions.open_missing_tickets", "high"),
    "redemptions: settle what is due": _every(15, "redemptions.settle_due", "high"),
    # Rebalancing: whether a plan is wanted, and the open one a step further
    "rebalance: the open plan": _every(5, "rebalance.advance", "high"),
    "rebalance: plans out of time": _every(60, "rebalance.expire", "high"),
    "rebalance: liquidity": _every(60, "rebalance.consider_liquidity"),
    "rebalance: prices and windows": _every(60, "rebalance.consider_windows"),
    "rebalance: what events ask for": _every(10, "rebalance.consider_wishes"),
    "rebalance: limits": _at(crontab(minute=0), "rebalance.consider_thresholds"),
    # At 00:00 for the day, on Mondays for the week; the other hours find one that was missed.
    "rebalance: calendar": _at(crontab(minute=0), "rebalance.consider_daily"),
    # Risk: judged when it is due, which is every five minutes, and every minute above NORMAL
    "risk: level": _every(30, "risk.assess", "high"),
    "risk: forget old runs": _at(crontab(minute=55, hour=3), "risk.prune", "low"),
    "risk: unanswered events": _every(30, "risk.escalate", "high"),
    "risk: the emergency protocol": _every(15, "risk.advance", "high"),
    # Made at each full hour, at the start when there is none, and after new requests.
    "risk: forecasts": _every(60, "risk.forecast"),
    "risk: outcomes of forecasts": _every(600, "risk.score_forecasts", "low"),
    # The record, and what can have no effect any more
    "audit: seal the log": _every(1, "audit.seal_log", "critical"),
    "accounts: forget what expired": _at(crontab(minute=40), "accounts.forget_expired", "low"),
    # The system itself
    "system: heartbeat": _every(15, "system.heartbeat", "high"),
    "system: overdue jobs": _every(60, "system.check_jobs", "critical"),
    # Reports: at 00:10 for the day before; the other hours find a day that was missed
    "reports: daily": _at(crontab(minute=10), "reports.request_daily"),
    # Hourly or every 15 minutes, as the level of risk wants; a rise is answered within the minute
    "reports: liquidity": _every(60, "reports.request_liquidity"),
    "reports: make what waits": _every(20, "reports.generate_due"),
    # Messages: what a lost bell left behind
    "notifications: deliver": _every(10, "notifications.deliver", "high"),
    # At 07:00; the other hours find a morning that was missed
    "notifications: digest": _at(crontab(minute=0), "notifications.digest"),
    "notifications: chain status": _every(5, "notifications.push_chain_status"),
    "notifications: forget pushes": _at(crontab(minute=25), "notifications.forget_pushes", "low"),
}
