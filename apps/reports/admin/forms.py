"""Which report is asked for."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from django import forms
from unfold.widgets import UnfoldAdminDateWidget, UnfoldAdminTextInputWidget

from apps.core.actor import Actor
from apps.reports import operations
from apps.reports.models import ReportRun
from apps.reports.rules import Kind, Period, day


class DayForm(forms.Form):
    """One UTC day."""

    date = forms.DateField(label="Day (UTC)", widget=UnfoldAdminDateWidget(attrs={"type": "date"}))

    def make(self, actor: Actor, at: datetime) -> ReportRun:
        """Ask for the daily report.

        Raises:
            NoSuchDay: the calendar's last day.
            BadPeriod: the day is not over.
        """
        asked = day(self.cleaned_data["date"])
        return operations.request(kind=Kind.DAILY, period=asked, actor=actor, at=at)


class PeriodForm(forms.Form):
    """Any period."""

    start = forms.DateTimeField(label="From (UTC)", widget=UnfoldAdminTextInputWidget)
    end = forms.DateTimeField(label="Until (UTC), not included", widget=UnfoldAdminTextInputWidget)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            field.widget.attrs |= {"type": "datetime-local", "step": "60"}
            field.widget.input_type = "datetime-local"

    def make(self, actor: Actor, at: datetime) -> ReportRun:
        """Ask for the report of the period.

        Raises:
            BadPeriod: it has not ended, is empty, or too long.
        """
        asked = Period(_utc(self.cleaned_data["start"]), _utc(self.cleaned_data["end"]))
        return operations.request(kind=Kind.CUSTOM, period=asked, actor=actor, at=at)


class LiquidityForm(forms.Form):
    """Liquidity as it stands now: nothing to choose."""

    def make(self, actor: Actor, at: datetime) -> ReportRun:
        """Ask for the liquidity report."""
        return operations.request_liquidity(actor=actor, at=at)


class IncidentForm(forms.Form):
    """An incident, open or over."""

    incident = forms.IntegerField(
        label="Number of the incident",
        min_value=1,
        max_value=2**63 - 1,
        widget=UnfoldAdminTextInputWidget(attrs={"inputmode": "numeric"}),
    )

    def make(self, actor: Actor, at: datetime) -> ReportRun:
        """Ask for the report of the incident.

        Raises:
            IncidentNotFound: there is none of this number.
            BadPeriod: it was opened only now.
        """
        number = self.cleaned_data["incident"]
        return operations.request_incident(incident_id=number, actor=actor, at=at)


FORMS: Mapping[str, type[forms.Form]] = {
    "day": DayForm,
    "period": PeriodForm,
    "liquidity": LiquidityForm,
    "incident": IncidentForm,
}
"""What can be asked for, by the name that a page sends."""


def _utc(value: datetime) -> datetime:
    return value.astimezone(UTC)
