"""How a redemption looks as a row of the list."""

from typing import Any

from django.contrib import admin
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from apps.core import clock, display
from apps.redemptions.models import Redemption

from .page import TONES


def page_url(row: Redemption) -> str:
    """The redemption's page."""
    return reverse("admin:redemptions_redemption_change", args=[row.key])


class Columns:
    """The list's columns; what they need besides the row hangs on it (see ``rows``)."""

    @admin.display(description="Request", ordering="request_id")
    def number(self, row: Redemption) -> SafeString:
        return format_html(
            '<a class="wf-subject" href="{}"><strong>#{}</strong></a>'
            '<span class="wf-sub">{}</span>',
            page_url(row),
            row.request_id,
            display.age(row.requested_at),
        )

    @admin.display(description="Investor", ordering="owner")
    def investor(self, row: Any) -> SafeString:
        return display.address(row.owner, row.owner_label, chain_id=row.chain_id)

    @admin.display(description="Value", ordering="gross_assets")
    def value(self, row: Redemption) -> SafeString:
        shares = display.money(row.shares, "PPT", places=2)
        return _stacked(display.money(row.gross_assets), shares)

    @admin.display(description="Net, fee")
    def net(self, row: Redemption) -> SafeString:
        fee = row.fee_assets if row.fee_assets is not None else row.estimated_fee_assets
        sign = "" if row.net_assets is not None else "≈ "
        net = format_html("{}{}", sign, display.money(row.payout_assets))
        return _stacked(net, format_html("fee {}{}", sign, display.money(fee)))

    @admin.display(description="Channel", ordering="channel")
    def by_channel(self, row: Redemption) -> SafeString:
        tone = {"EMERGENCY": "bad", "SCHEDULED": "neutral"}.get(row.channel, "neutral")
        return display.status_pill(row.channel, tone)

    @admin.display(description="Queue")
    def place(self, row: Any) -> SafeString | str:
        if row.queue_place is None:
            return display.unknown("Only requests with a settlement date stand in line")
        return f"{row.queue_place}."

    @admin.display(description="Status", ordering="status")
    def state(self, row: Any) -> SafeString:
        pill = display.status_pill(row.status, TONES[row.status])
        note = ""
        if row.in_flight is not None:
            note = f"{row.in_flight.sentence.split()[0].lower()} sent, waiting for final"
        elif row.ticket is not None and row.ticket.execution_status == "FAILED":
            note = "sending failed"
        return format_html('{}<span class="wf-sub">{}</span>', pill, note) if note else pill

    @admin.display(description="Approvals")
    def approvals(self, row: Any) -> SafeString:
        if row.ticket is None:
            return display.unknown(
                "Its ticket is being opened"
                if row.status == "PENDING_APPROVAL"
                else "No approval was needed"
            )
        given = sum(vote.decision == "APPROVE" for vote in row.ticket.votes.all())
        return format_html(
            '<a class="link" href="{}">{} of {}</a>',
            reverse("admin:approvals_ticket_change", args=[row.ticket.pk]),
            given,
            row.ticket.required_approvals,
        )

    @admin.display(description="Time left", ordering="settles_at")
    def time_left(self, row: Any) -> SafeString:
        if row.ticket is not None and row.ticket.is_open:
            late = row.ticket.deadline_at <= clock.now()
            return format_html(
                '<span class="{}">decide {}</span>',
                "late" if late else "soon" if row.ticket.escalated_at else "",
                display.age(row.ticket.deadline_at),
            )
        if row.status in ("PENDING", "APPROVED"):
            due = row.settles_at is not None and row.settles_at <= clock.now()
            return format_html("{} {}", "due" if due else "settles", display.age(row.settles_at))
        return display.unknown("It has ended")

    @admin.display(description="Transaction")
    def transaction(self, row: Redemption) -> SafeString:
        newest = row.settle_tx_hash or row.cancel_tx_hash or row.decision_tx_hash or row.tx_hash
        return display.tx_link(row.chain_id, newest)


def _stacked(first: SafeString, second: SafeString) -> SafeString:
    """Two figures in one right-aligned cell, the lesser one below."""
    return format_html('<span class="num">{}<span class="wf-sub">{}</span></span>', first, second)
