"""The parameters a new installation starts with: USDT base units, basis points, minutes, hours."""

from datetime import UTC, datetime

from django.db import migrations

USDT = 10**18
INSTALLED_AT = datetime(2026, 11, 22, tzinfo=UTC)

VALUES = {
    "plan_assets_min": str(10_000 * USDT),
    "l1_low_bps": "800",
    "l1_high_bps": "1500",
    "tier_deviation_bps": "500",
    "asset_weight_max_bps": "2500",
    "top3_weight_max_bps": "6000",
    "due_share_max_bps": "8000",
    "horizon_hours": "72",
    "subscription_assets": str(100_000 * USDT),
    "move_bps": "500",
    "cooldown_minutes": "30",
    "stale_bps": "100",
    "projection_warn_bps": "100",
    "slippage_warn_bps": "200",
    "slippage_block_bps": "500",
    "gas_benefit_max_bps": "1000",
    "l1_critical_bps": "800",
    "coverage_critical_bps": "10000",
    "nav_volatility_max_bps": "500",
    "preview_minutes": "5",
    "approved_hours": "24",
    "expected_slippage_bps": "10",
    "gas_units_per_trade": "400000",
    "native_price_assets": str(600 * USDT),
    "tier_drift_weight_bps": "100",
    "asset_drift_weight_bps": "20",
    "blackouts": [],
}


def create(apps, schema_editor):
    policy = apps.get_model("rebalance", "Policy")
    policy.objects.create(version=1, active=True, values=VALUES, created_at=INSTALLED_AT)


class Migration(migrations.Migration):
    dependencies = [("rebalance", "0002_transitions_in_the_database")]

    operations = [migrations.RunPython(create, migrations.RunPython.noop)]
