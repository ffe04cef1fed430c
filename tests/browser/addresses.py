"""Addresses that only act, and what the places in addresses are filled with."""

from typing import Any

# Addresses that only change something; a GET is refused.
POSTS = {
    "inbox_act": "/inbox/act/",
    "inbox_undo": "/inbox/undo/",
    "approval_decide": "/approvals/{summary_draft}/decide/",
    "report_make": "/reports/make/",
    "report_again": "/reports/{report_draft}/again/",
    "report_words": "/reports/{report_draft}/words/",
    "inbox_snooze": "/inbox/snooze/",
    "inbox_look": "/inbox/look/",
    "shortcuts": "/me/shortcuts/",
    "portal_preview": "/clients/summit-roofing/portal/",
    "story_play": "/try/stories/play/",
    "first_steps": "/try/first-steps/",
    "lead_note": "/leads/{lead_missed-call}/note/",
    "talk_take": "/talks/{contact_night}/take/",
    "talk_give_back": "/talks/{contact_night}/give-back/",
    "talk_write": "/talks/{contact_night}/write/",
    "lead_outcome": "/leads/{lead_missed-call}/outcome/",
    "lead_confirm": "/leads/{lead_form}/confirm/",
    "run_again": "/runs/{run_missed-call}/again/",
    "connection_address": "/connections/{connection}/address/",
    "going_live_settle": "/connections/{shadow}/live/settle/",
    "shadow_read": "/connections/{shadow}/shadow/read/",
    "alert_take": "/alerts/{alert}/take/",
    "alert_give_back": "/alerts/{alert}/give-back/",
    "incident_take": "/incidents/{incident}/take/",
    "incident_compare": "/incidents/{incident}/compare/",
    "incident_note": "/incidents/{incident}/note/",
    "incident_close": "/incidents/{incident}/close/",
    "message_approve": "/messages/{message_draft4}/approve/",
    "message_reject": "/messages/{message_draft4}/reject/",
}


def places(told: dict[str, Any]) -> dict[str, str]:
    """What the addresses are filled with, from what the stories printed."""
    kinds = {
        "run": "runs",
        "lead": "leads",
        "contact": "contacts",
        "message": "messages",
        "delivery": "deliveries",
        "summary": "summaries",
        "to_send": "to_send",
        "story": "played",
    }
    found = {f"{kind}_{name}": str(value) for kind, key in kinds.items() for name, value in told[key].items()}
    found |= {f"{one}{n}": value for one, many in (("task", "tasks"), ("link", "links")) for n, value in enumerate(told[many])}
    return found | {
        name: str(told[name])
        for name in (
            "email0",
            "way_out0",
            "way_out1",
            "reply",
            "connection",
            "client",
            "stop",
            "incident",
            "story",
            "story1",
            "report",
            "report_draft",
            "words",
            "words_broken",
            "alert",
            "shadow",
            "responder",
        )
    }
