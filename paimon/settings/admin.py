"""The admin's looks and its map, for unfold. What is dynamic lives in ``apps.system.shell``."""

import tomllib
from pathlib import Path

from django.urls import reverse_lazy

_PROJECT = Path(__file__).resolve().parent.parent.parent / "pyproject.toml"
VERSION: str = tomllib.loads(_PROJECT.read_text())["project"]["version"]

ADMIN_LOGIN_FORM = "apps.accounts.forms.StaffAuthenticationForm"
ADMIN_ENROL_URL = "second_factor"  # the page where staff set up their authenticator
CSRF_FAILURE_VIEW = "apps.core.api.csrf_failure"

# An ink blue for what can be pressed; greys with a breath of the same hue.
_PRIMARY = {
    "50": "oklch(97.2% .012 250)",
    "100": "oklch(94.2% .026 250)",
    "200": "oklch(88.6% .052 250)",
    "300": "oklch(80.4% .088 250)",
    "400": "oklch(70.6% .124 250)",
    "500": "oklch(60.4% .146 252)",
    "600": "oklch(52.2% .150 254)",
    "700": "oklch(45.2% .132 255)",
    "800": "oklch(38.4% .106 256)",
    "900": "oklch(32.6% .080 257)",
    "950": "oklch(24.4% .056 258)",
}
_BASE = {
    "50": "oklch(98.6% .003 250)",
    "100": "oklch(96.6% .004 250)",
    "200": "oklch(92.4% .007 252)",
    "300": "oklch(86.6% .011 253)",
    "400": "oklch(70.6% .020 255)",
    "500": "oklch(55.0% .024 257)",
    "600": "oklch(44.4% .026 257)",
    "700": "oklch(36.6% .026 258)",
    "800": "oklch(27.0% .024 259)",
    "900": "oklch(20.6% .022 260)",
    "950": "oklch(14.4% .018 261)",
}

UNFOLD = {
    "SITE_TITLE": "Paimon",
    "SITE_HEADER": "Paimon",
    "SITE_SUBHEADER": "Prime Fund back-office",
    "SITE_URL": None,
    "SITE_ICON": "apps.system.shell.icon_url",
    "SITE_FAVICONS": [
        {"rel": "icon", "type": "image/svg+xml", "href": "apps.system.shell.favicon_url"}
    ],
    "SHOW_HISTORY": False,
    "SHOW_VIEW_ON_SITE": False,
    "BORDER_RADIUS": "5px",
    "COLORS": {"base": _BASE, "primary": _PRIMARY},
    "STYLES": ["apps.system.shell.stylesheet_url"],
    "SCRIPTS": [
        "apps.system.shell.shell_script_url",
        "apps.system.shell.charts_script_url",
    ],
    "ACCOUNT": {
        "navigation": [
            {"title": "Messages to me", "link": reverse_lazy("admin:notifications_inbox")},
            {"title": "What I am told", "link": reverse_lazy("admin:notifications_preferences")},
            {"title": "Change password", "link": reverse_lazy("admin:password_change")},
        ]
    },
    "GLOBAL_CALLBACK": "apps.system.shell.context",
    "DASHBOARD_CALLBACK": "apps.system.dashboard.context",
    "ENVIRONMENT_TITLE_PREFIX": "apps.system.shell.title_prefix",
    "COMMAND": {"search_callback": "apps.system.palette.search", "show_history": False},
    "SIDEBAR": {
        "show_search": True,
        "command_search": True,
        "show_all_applications": False,
        "navigation": "apps.system.navigation.groups",
    },
}
