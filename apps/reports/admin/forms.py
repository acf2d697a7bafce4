"""Which period a report is asked for."""

from datetime import UTC, datetime
from typing import Any

from django import forms
from unfold.widgets import UnfoldAdminDateWidget, UnfoldAdminTextInputWidget

from apps.reports.rules import Kind, Period, day


class DayForm(forms.Form):
    """One UTC day."""

    date = forms.DateField(label="Day (UTC)", widget=UnfoldAdminDateWidget(attrs={"type": "date"}))

    def asked(self) -> tuple[Kind, Period]:
        """The kind and period.

        Raises:
            NoSuchDay: the calendar's last day.
        """
        return Kind.DAILY, day(self.cleaned_data["date"])


class PeriodForm(forms.Form):
    """Any period."""

    start = forms.DateTimeField(label="From (UTC)", widget=UnfoldAdminTextInputWidget)
    end = forms.DateTimeField(label="Until (UTC), not included", widget=UnfoldAdminTextInputWidget)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            field.widget.attrs |= {"type": "datetime-local", "step": "60"}
            field.widget.input_type = "datetime-local"

    def asked(self) -> tuple[Kind, Period]:
        """The kind and period."""
        return Kind.CUSTOM, Period(_utc(self.cleaned_data["start"]), _utc(self.cleaned_data["end"]))


def _utc(value: datetime) -> datetime:
    return value.astimezone(UTC)
