"""What comes by the clock (UTC). Every task is idempotent and safe late, twice, or lost."""

from typing import Any

from celery.schedules import crontab

SCHEDULE: dict[str, dict[str, Any]] = {
    # The chain
    "chain: read where nobody leads": {"task": "chain.poll", "schedule": 3.0, "options": {"queue": "critical"}},
    "chain: send where nobody leads": {"task": "chain.send", "schedule": 15.0, "options": {"queue": "critical"}},
    # The fund
    "fund: overview": {"task": "fund.take_overview", "schedule": 60.0},
    "fund: overview after facts": {"task": "fund.refresh_overview", "schedule": 5.0},
    "fund: daily snapshots": {"task": "fund.take_daily", "schedule": 60.0},
    "fund: hourly snapshots": {"task": "fund.take_hourly", "schedule": 60.0},
    "fund: prune live snapshots": {
        "task": "fund.prune_live_snapshots",
        "schedule": crontab(minute=20, hour=3),
    },
    # Tickets and redemptions
    "approvals: time limits": {"task": "approvals.tick", "schedule": 15.0},
    "redemptions: missing tickets": {"task": "redemptions.open_missing_tickets", "schedule": 15.0},
    "redemptions: settle what is due": {"task": "redemptions.settle_due", "schedule": 30.0},
    # The record, and what can have no effect any more
    "audit: seal the log": {"task": "audit.seal_log", "schedule": 1.0},
    "accounts: forget what expired": {
        "task": "accounts.forget_expired",
        "schedule": crontab(minute=40),
    },
    # The system itself
    "system: heartbeat": {"task": "system.heartbeat", "schedule": 15.0},
    # Reports: at 00:10 for the day before; the other hours find a day that was missed
    "reports: daily": {"task": "reports.request_daily", "schedule": crontab(minute=10)},
    "reports: make what waits": {"task": "reports.generate_due", "schedule": 20.0},
    # Messages: what a lost bell left behind
    "notifications: deliver": {
        "task": "notifications.deliver",
        "schedule": 10.0,
        "options": {"queue": "high"},
    },
    "notifications: chain status": {"task": "notifications.push_chain_status", "schedule": 5.0},
    "notifications: forget pushes": {
        "task": "notifications.forget_pushes",
        "schedule": crontab(minute=25),
        "options": {"queue": "low"},
    },
}
