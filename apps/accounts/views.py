"""Setting up the second factor, and signing out before that is done."""

from base64 import b32encode
from typing import Any

import qrcode
from django.contrib import admin
from django.contrib.auth import REDIRECT_FIELD_NAME, logout
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.safestring import SafeString, mark_safe
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST
from django_otp import login as otp_login
from django_otp.plugins.otp_totp.models import TOTPDevice
from qrcode.image.svg import SvgPathImage

from apps.accounts import operations
from apps.accounts.forms import EnrolmentForm
from apps.core import clock
from apps.core.actor import Actor
from apps.core.errors import Refused

_PENDING_DEVICE = "accounts.enrolling_device"


@never_cache
@sensitive_post_parameters()
@require_http_methods(["GET", "POST"])
def second_factor(request: HttpRequest) -> HttpResponse:
    """Show staff without a second factor a QR code, and take the first code of their app."""
    user: Any = request.user
    target = _target(request)
    if not (user.is_authenticated and user.is_staff):
        return HttpResponseRedirect(reverse("admin:login"))
    if TOTPDevice.objects.filter(user=user, confirmed=True).exists():
        # Who has one signs in with it; nobody replaces it from a session that lacks it.
        if not user.is_verified():
            logout(request)
        return HttpResponseRedirect(target)

    device = _pending_device(request)
    form = EnrolmentForm(request.POST or None)
    if request.method == "POST" and form.is_valid() and _enrol(request, device, form):
        return HttpResponseRedirect(target)
    return TemplateResponse(
        request,
        "accounts/second_factor.html",
        {
            **admin.site.each_context(request),
            "title": "Set up your authenticator",
            "form": form,
            "qr": _qr(device.config_url),
            "secret": _grouped(b32encode(device.bin_key).decode()),
            "next": target,
            "next_name": REDIRECT_FIELD_NAME,
        },
    )


@never_cache
@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    """Sign out, also those whom the admin does not let in yet."""
    logout(request)
    return HttpResponseRedirect(reverse("admin:login"))


def _enrol(request: HttpRequest, device: TOTPDevice, form: EnrolmentForm) -> bool:
    user: Any = request.user
    try:
        confirmed = operations.enrol_second_factor(
            user_id=user.pk,
            device_id=device.pk,
            code=form.cleaned_data["code"],
            actor=Actor.of_request(request),
            at=clock.now(),
        )
    except Refused as refused:
        form.add_error("code", refused.message)
        return False
    request.session.cycle_key()
    request.session.pop(_PENDING_DEVICE, None)
    otp_login(request, confirmed)
    return True


def _pending_device(request: HttpRequest) -> TOTPDevice:
    """The device this session is setting up; a new sign-in starts with a new secret."""
    user: Any = request.user
    pending = TOTPDevice.objects.filter(user=user, confirmed=False)
    device = pending.filter(pk=request.session.get(_PENDING_DEVICE)).first()
    if device is None:
        pending.delete()
        device = TOTPDevice.objects.create(user=user, name="Authenticator app", confirmed=False)
        request.session[_PENDING_DEVICE] = device.pk
    return device


def _target(request: HttpRequest) -> str:
    asked = request.POST.get(REDIRECT_FIELD_NAME) or request.GET.get(REDIRECT_FIELD_NAME) or ""
    safe = url_has_allowed_host_and_scheme(
        asked, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    return asked if safe else reverse("admin:index")


def _qr(text: str) -> SafeString:
    code = qrcode.QRCode(border=2, image_factory=SvgPathImage)
    code.add_data(text)
    svg: str = code.make_image().to_string(encoding="unicode")
    return mark_safe(svg)  # noqa: S308 - drawn here, from numbers


def _grouped(secret: str) -> str:
    return " ".join(secret[start : start + 4] for start in range(0, len(secret), 4))
