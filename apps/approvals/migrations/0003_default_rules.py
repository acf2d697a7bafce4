"""The rules a new installation starts with. Amounts in USDT base units, shares in basis points."""

from django.db import migrations

MINUTE, HOUR = 60, 3600
USDT = 10**18


def over(figure, operator, value):
    return {"figure": figure, "operator": operator, "value": str(value)}


# kind, what it is for, role, approvals, fewest eligible, (warn, escalate, deadline) in seconds,
# next role up, whether the maker may cancel, thresholds
RULES = [
    (
        "EMERGENCY_REDEMPTION",
        "A redemption by the emergency channel of more than 30,000 USDT or 10 % of L1.",
        "VIP_APPROVER", 1, 0, (2 * HOUR, 3 * HOUR, 4 * HOUR), "ADMIN", False,
        [over("amount", ">", 30_000 * USDT), over("share_of_l1_bps", ">", 1_000)],
    ),
    (
        "STANDARD_REDEMPTION",
        "A standard or scheduled redemption of at least 100,000 USDT or 5 % of L1 + L2.",
        "VIP_APPROVER", 1, 0, (12 * HOUR, 18 * HOUR, 24 * HOUR), "ADMIN", False,
        [over("amount", ">=", 100_000 * USDT), over("share_of_l1_l2_bps", ">=", 500)],
    ),
    (
        "REBALANCE_SMALL",
        "A rebalance of at least 50,000 and less than 200,000 USDT.",
        "ADMIN", 1, 1, (HOUR, 3 * HOUR // 2, 2 * HOUR), "SUPER_ADMIN", True,
        [over("amount", ">=", 50_000 * USDT)],
    ),
    (
        "REBALANCE_LARGE",
        "A rebalance of at least 200,000 USDT.",
        "ADMIN", 2, 3, (2 * HOUR, 3 * HOUR, 4 * HOUR), "SUPER_ADMIN", True,
        [over("amount", ">=", 200_000 * USDT)],
    ),
    (
        "ASSET_ADD",
        "An asset enters the register.",
        "ADMIN", 2, 3, (24 * HOUR, 36 * HOUR, 48 * HOUR), "SUPER_ADMIN", True, [],
    ),
    (
        "ASSET_REMOVE",
        "An asset leaves the register.",
        "ADMIN", 2, 3, (12 * HOUR, 18 * HOUR, 24 * HOUR), "SUPER_ADMIN", True, [],
    ),
    (
        "FEE_WITHDRAW",
        "Fees are paid out.",
        "ADMIN", 2, 3, (12 * HOUR, 18 * HOUR, 24 * HOUR), "SUPER_ADMIN", True, [],
    ),
    (
        "EMERGENCY_MODE",
        "The vault's emergency mode is switched on or off.",
        "ADMIN", 2, 3, (5 * MINUTE, 10 * MINUTE, 15 * MINUTE), "SUPER_ADMIN", True, [],
    ),
    (
        "CONFIG_CHANGE",
        "Rules, thresholds, limits, contracts or signers change.",
        "ADMIN", 1, 1, (12 * HOUR, 18 * HOUR, 24 * HOUR), "SUPER_ADMIN", True, [],
    ),
    (
        "ROLE_CHANGE",
        "Somebody's roles change.",
        "ADMIN", 1, 1, (12 * HOUR, 18 * HOUR, 24 * HOUR), "SUPER_ADMIN", True, [],
    ),
    (
        "WALLET_CHANGE",
        "Somebody's wallet changes.",
        "ADMIN", 1, 1, (12 * HOUR, 18 * HOUR, 24 * HOUR), "SUPER_ADMIN", True, [],
    ),
    (
        "LIFT_STOP",
        "A stop on outbound transactions is lifted.",
        "ADMIN", 2, 2, (HOUR, 3 * HOUR // 2, 2 * HOUR), "SUPER_ADMIN", True, [],
    ),
    (
        "POOL_ACTION",
        "A pool is changed, paid out or closed.",
        "ADMIN", 1, 1, (12 * HOUR, 18 * HOUR, 24 * HOUR), "SUPER_ADMIN", True, [],
    ),
]


def create(apps, schema_editor):
    rule = apps.get_model("approvals", "Rule")
    rule.objects.bulk_create(
        rule(
            kind=kind,
            version=1,
            description=description,
            role=role,
            required_approvals=approvals,
            eligible_min=eligible,
            warn_after_seconds=times[0],
            escalate_after_seconds=times[1],
            deadline_after_seconds=times[2],
            escalation_role=escalation,
            maker_may_cancel=maker_may_cancel,
            thresholds=thresholds,
        )
        for (
            kind, description, role, approvals, eligible, times, escalation, maker_may_cancel,
            thresholds,
        ) in RULES
    )


class Migration(migrations.Migration):
    dependencies = [("approvals", "0002_transitions_in_the_database")]

    operations = [migrations.RunPython(create, migrations.RunPython.noop)]
