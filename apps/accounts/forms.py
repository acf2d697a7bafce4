"""Signing in to the admin, and enrolling the second factor."""

from typing import Any

from django import forms
from django.contrib.auth.signals import user_login_failed
from django.core.exceptions import ValidationError
from django.db import transaction
from django_otp.plugins.otp_totp.models import TOTPDevice
from unfold.forms import AuthenticationForm
from unfold.widgets import UnfoldAdminTextInputWidget

CODE_WIDGET_ATTRS = {
    "autocomplete": "one-time-code",
    "inputmode": "numeric",
    "pattern": "[0-9]*",
    "maxlength": "6",
    "placeholder": "123456",
}


class StaffAuthenticationForm(AuthenticationForm):
    """Name, password and the code of the authenticator app, all or nothing.

    Whichever part is wrong, the answer is the same sentence and the lock-out counts it, so that
    nobody learns from here which part was right. Staff who have no authenticator yet leave the
    code empty and are led to enrol one.
    """

    otp_token = forms.CharField(
        label="Authenticator code",
        required=False,
        widget=UnfoldAdminTextInputWidget(attrs=CODE_WIDGET_ATTRS),
        help_text="Leave empty at your first sign-in: you will set the authenticator up next.",
    )
    error_messages = {
        "invalid_login": "That name, password or code is wrong. A code works only once: "
        "if you just used it, wait for the next one.",
        "inactive": "That name, password or code is wrong.",
    }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["username"].widget.attrs["autocomplete"] = "username"
        self.fields["password"].widget.attrs["autocomplete"] = "current-password"

    def clean(self) -> dict[str, Any]:
        """Check the password, then the code if the person has an authenticator."""
        cleaned: dict[str, Any] = super().clean()
        user: Any = self.get_user()
        if user is None:
            return cleaned
        devices = TOTPDevice.objects.filter(user=user, confirmed=True)
        # The row lock makes two uses of one code at once count once.
        with transaction.atomic():
            device = devices.select_for_update(of=("self",)).order_by("pk").first()
            passed = device is not None and device.verify_token(cleaned.get("otp_token") or "")
        if device is not None and not passed:
            self.user_cache = None
            user_login_failed.send(
                sender=__name__,
                credentials={"username": cleaned.get("username", "")},
                request=self.request,
            )
            raise self.get_invalid_login_error()
        user.otp_device = device
        return cleaned

    def confirm_login_allowed(self, user: Any) -> None:
        """Only active staff get in here; others hear what a wrong password would hear."""
        if not user.is_active or not user.is_staff:
            raise ValidationError(self.error_messages["invalid_login"], code="invalid_login")


class EnrolmentForm(forms.Form):
    """The first code, which proves that the app was set up."""

    code = forms.CharField(
        label="Code shown by the app",
        widget=UnfoldAdminTextInputWidget(attrs={**CODE_WIDGET_ATTRS, "autofocus": True}),
        max_length=6,
    )
