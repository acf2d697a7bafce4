"""What the OpenAPI document says of risk beside its shapes: refusals and examples."""

from typing import Any

from apps.approvals.api.schema import errors

READ = errors({403: "FORBIDDEN: your role does not show risk"})
LISTED = errors({400: "VALIDATION_ERROR, by field", 403: "FORBIDDEN: your role does not show risk"})
FOUND = errors({403: "FORBIDDEN: your role does not show risk", 404: "NOT_FOUND"})
ANSWERED = errors(
    {
        400: "VALIDATION_ERROR: a field is missing or makes no sense",
        403: "FORBIDDEN: a risk officer or an administrator answers",
        404: "NOT_FOUND",
        409: "CONFLICT: somebody takes care of it, or it is over",
    }
)
ASKED = errors(
    {
        400: "VALIDATION_ERROR: say why",
        403: "FORBIDDEN: your role does not open emergencies",
        409: "CONFLICT: an emergency is open, a ticket about one waits, or too few may vote",
    }
)
FORECAST_READ = errors(
    {
        400: "VALIDATION_ERROR: the horizon is none",
        403: "FORBIDDEN: your role does not show risk",
        503: "SERVICE_UNAVAILABLE: no forecast has been made yet",
    }
)

INDICATOR: dict[str, Any] = {
    "name": "l1_ratio",
    "title": "L1 of all assets",
    "value": "0.09",
    "unit": "SHARE",
    "threshold": "0.1",
    "status": "WARNING",
    "warningThreshold": "0.1",
    "criticalThreshold": "0.08",
    "headroom": "0.01",
    "share": "6",
    "meaning": "L1 holds 9.00 % of all assets, less than 10.00 %.",
    "infinite": False,
    "tooFew": False,
    "unknownSince": None,
}
STATUS: dict[str, Any] = {
    "overallLevel": "ELEVATED",
    "overallScore": "6",
    "reasons": ["L1 holds 9.00 % of all assets, less than 10.00 %."],
    "levelSince": "2026-03-02T11:40:00Z",
    "stale": False,
    "indicators": {"liquidity": {"status": "WARNING", "indicators": [INDICATOR]}},
    "openEvents": {"critical": 0, "warning": 2, "info": 0},
    "incidentId": None,
    "blockNumber": 48210400,
    "policyVersion": 1,
    "lastUpdated": "2026-03-02T12:00:00Z",
}
STATUS_UNKNOWN = {
    **STATUS,
    "overallLevel": "UNKNOWN",
    "overallScore": None,
    "reasons": ["Risk has not been judged yet."],
    "levelSince": None,
    "stale": True,
    "lastUpdated": None,
}
EVENT: dict[str, Any] = {
    "id": "41",
    "type": "INDICATOR",
    "indicator": "l1_ratio",
    "severity": "WARNING",
    "message": "L1 holds 9.00 % of all assets, less than 10.00 %.",
    "value": "0.09",
    "worstValue": "0.085",
    "threshold": "0.1",
    "unit": "SHARE",
    "status": "OPEN",
    "openedAt": "2026-03-02T11:40:00Z",
    "lastSeenAt": "2026-03-02T12:00:00Z",
    "durationSeconds": 1230,
    "times": 21,
    "flaps": 0,
    "escalations": 0,
    "escalatesAt": "2026-03-02T12:10:00Z",
    "snoozedUntil": None,
    "acknowledgedAt": None,
    "acknowledgedBy": "",
    "resolved": False,
    "resolvedAt": None,
    "resolvedBy": "",
    "resolvedByItself": False,
    "resolution": "",
}
EVENT_DETAIL: dict[str, Any] = {
    **EVENT,
    "toldSeverity": "WARNING",
    "quiet": False,
    "acknowledgeNote": "",
    "snoozedBy": "",
    "snoozeReason": "",
    "details": [{"name": "L1", "value": "90,000.00 USDT"}],
    "timeline": [
        {
            "event": "opened",
            "timestamp": "2026-03-02T11:40:00Z",
            "by": "risk",
            "text": "L1 holds 9.00 % of all assets, less than 10.00 %.",
        }
    ],
    "notifications": [],
}
EVENT_ACKNOWLEDGED = {
    **EVENT_DETAIL,
    "status": "ACKNOWLEDGED",
    "escalatesAt": None,
    "acknowledgedAt": "2026-03-02T12:01:00Z",
    "acknowledgedBy": "rita",
    "acknowledgeNote": "The refill is on its way.",
}
EVENT_SNOOZED = {
    **EVENT_DETAIL,
    "escalatesAt": "2026-03-02T16:00:00Z",
    "snoozedUntil": "2026-03-02T16:00:00Z",
    "snoozedBy": "rita",
    "snoozeReason": "The refill settles at four.",
}
EVENT_RESOLVED = {
    **EVENT_DETAIL,
    "status": "RESOLVED",
    "escalatesAt": None,
    "resolved": True,
    "resolvedAt": "2026-03-02T12:30:00Z",
    "resolvedBy": "rita",
    "resolution": "Refilled from L2.",
}
FORECAST: dict[str, Any] = {
    "horizon": "7d",
    "currentLiquidity": {
        "L1": "120000000000000000000000",
        "L2": "400000000000000000000000",
        "available": "560000000000000000000000",
    },
    "forecast": {
        "expectedInflow": "40000000000000000000000",
        "expectedOutflow": "210000000000000000000000",
        "confirmedOutflow": "150000000000000000000000",
        "probabilisticOutflow": "60000000000000000000000",
        "netFlow": "-170000000000000000000000",
        "projectedBalance": "390000000000000000000000",
    },
    "risk": {
        "shortfallProbability": "0.0312",
        "shortfallAmount": "21000000000000000000000",
        "confidenceInterval": {
            "lower": "-310000000000000000000000",
            "upper": "-90000000000000000000000",
        },
        "firstGapDay": None,
    },
    "recommendation": {
        "action": "NONE",
        "amount": "0",
        "reason": "Liquidity runs short in 3 % of 10,000 paths.",
    },
    "method": "BOOTSTRAP",
    "historyDays": 90,
    "paths": 10000,
    "days": [
        {
            "date": "2026-03-02",
            "low": "500000000000000000000000",
            "middle": "530000000000000000000000",
            "high": "555000000000000000000000",
        }
    ],
    "endsAt": "2026-03-09T12:00:00Z",
    "generatedAt": "2026-03-02T12:00:04Z",
}
HISTORY: dict[str, Any] = {
    "indicator": "l1_ratio",
    "title": "L1 of all assets",
    "unit": "SHARE",
    "warningThreshold": "0.1",
    "criticalThreshold": "0.08",
    "startDate": "2026-02-23T12:00:00Z",
    "endDate": "2026-03-02T12:00:00Z",
    "points": [{"timestamp": "2026-03-02T11:40:00Z", "value": "0.09", "status": "WARNING"}],
}
INCIDENT: dict[str, Any] = {
    "id": "3",
    "cause": "LEVEL",
    "summary": "The level of risk is CRITICAL.",
    "phase": "LIQUIDITY",
    "phaseSince": "2026-03-02T12:05:00Z",
    "openedAt": "2026-03-02T12:00:00Z",
    "openedBy": "risk",
    "closedAt": None,
    "closedBy": "",
    "durationSeconds": 900,
}
INCIDENT_DETAIL: dict[str, Any] = {
    **INCIDENT,
    "lessons": "",
    "gap": {
        "amount": "80000000000000000000000",
        "formula": "200,000.00 USDT owed less 120,000.00 USDT available",
    },
    "timeline": [
        {
            "event": "PHASE",
            "timestamp": "2026-03-02T12:00:00Z",
            "by": "risk",
            "text": "The emergency protocol began.",
        }
    ],
    "checklist": [
        {
            "id": "11",
            "title": "Call the crisis meeting",
            "help": "",
            "doneAt": "2026-03-02T12:07:00Z",
            "doneBy": "omar",
            "note": "",
        }
    ],
    "actions": [
        {
            "kind": "SET_EMERGENCY_MODE",
            "title": "Switch emergency mode on",
            "state": "Waits for votes",
            "explanation": "The level of risk is CRITICAL.",
            "ticketId": "12",
            "planId": None,
            "at": "2026-03-02T12:00:00Z",
        }
    ],
    "contacts": [],
}
TICKET: dict[str, Any] = {
    "id": "12",
    "type": "EMERGENCY_MODE",
    "status": "PENDING",
    "referenceType": "EMERGENCY_MODE",
    "referenceId": "emergency:protocol",
    "requester": "omar",
    "amount": None,
    "currency": "",
    "description": "Emergency: open the protocol",
    "createdAt": "2026-03-02T12:00:00Z",
    "slaDeadline": "2026-03-02T12:30:00Z",
    "slaRemaining": 1800,
    "requiredApprovals": 2,
    "currentApprovals": 0,
    "execution": None,
}
