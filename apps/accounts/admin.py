"""Users and their wallets in the admin.

One person alone may add a colleague, who then has no role and no wallet, and may take all access
from one. Giving roles, wallets, a new second factor or access back needs a second person and is
not offered here.
"""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.auth.models import Group
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import Model, Prefetch, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django_otp.plugins.otp_totp.models import TOTPDevice
from unfold.widgets import UnfoldAdminPasswordWidget, UnfoldAdminTextareaWidget

from apps.accounts import operations
from apps.accounts.models import User, Wallet
from apps.core import clock
from apps.core.actor import Actor
from apps.core.admin import ModelAdmin, ReadOnlyAdmin
from apps.core.display import address, status_pill, unknown, when
from apps.core.errors import Refused

admin.site.unregister(Group)  # the table in rules says what a role may do
admin.site.unregister(TOTPDevice)  # its page would show the secret


_SHOWN = [
    "login",
    "display_name",
    "state",
    "deactivate",
    "roles",
    "wallet",
    "second_factor",
    "joined",
    "last_seen",
]


class NewUserForm(forms.ModelForm):
    """A colleague to be: a name, an address and an initial password."""

    password = forms.CharField(
        label="Initial password",
        strip=False,
        widget=UnfoldAdminPasswordWidget(attrs={"autocomplete": "new-password"}),
        help_text="At least 12 characters. Hand it over in person; it can be changed after "
        "signing in. The authenticator is set up at the first sign-in.",
    )

    class Meta:
        model = User
        fields = ["username", "first_name", "last_name", "email"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["email"].required = True

    def clean_username(self) -> str:
        """One name, whichever its capitals."""
        username: str = self.cleaned_data["username"]
        if User.objects.filter(username__iexact=username).exists():
            raise ValidationError("Somebody has this name.")
        return username

    def clean_password(self) -> str:
        """Strong enough."""
        password: str = self.cleaned_data["password"]
        validate_password(password, User(username=self.cleaned_data.get("username", "")))
        return password


class DeactivationForm(forms.Form):
    """Why somebody loses access."""

    reason = forms.CharField(
        max_length=500,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 3, "autofocus": True}),
        help_text="Kept in the audit trail.",
    )


@admin.register(User)
class UserAdmin(ModelAdmin):
    """People: look, add, deactivate."""

    allowed = frozenset({"add"})
    list_display = ["username", "display_name", "roles", "wallet", "second_factor", "state"]
    list_filter = ["is_active", "is_staff", "groups"]
    search_fields = ["username", "first_name", "last_name", "email", "wallets__address"]
    ordering = ["username"]
    add_fieldsets = [
        (None, {"fields": ["username", "first_name", "last_name", "email", "password"]})
    ]
    fieldsets = [
        (None, {"fields": ["login", "display_name", "email", "state", "deactivate"]}),
        ("Rights", {"fields": ["roles", "wallet", "second_factor"]}),
        ("Times", {"fields": ["joined", "last_seen"]}),
    ]

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        """With roles and wallets, which every row of the list shows."""
        in_use = Prefetch("wallets", Wallet.objects.filter(retired_at=None), to_attr="in_use")
        return User.objects.prefetch_related("groups", "totpdevice_set", in_use)

    def lookup_allowed(self, lookup: str, value: Any, request: HttpRequest | None = None) -> bool:
        """Not by password: who may narrow the list by its hash can read it, letter by letter."""
        if lookup.startswith("password"):
            return False
        return bool(super().lookup_allowed(lookup, value, request))

    def get_fieldsets(self, request: HttpRequest, obj: Model | None = None) -> Any:
        """What one fills in, or what one sees."""
        if obj is None:
            return self.add_fieldsets
        if request.user.has_perm("accounts.change_user"):
            return self.fieldsets
        person = [name for name in self.fieldsets[0][1]["fields"] if name != "deactivate"]
        return [(None, {"fields": person}), *self.fieldsets[1:]]

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> Any:
        """Everything, once the person exists."""
        return _SHOWN if obj else []

    def get_form(
        self, request: HttpRequest, obj: Model | None = None, change: bool = False, **kwargs: Any
    ) -> Any:
        """The form for a new colleague."""
        if obj is None:
            kwargs["form"] = NewUserForm
        return super().get_form(request, obj, change=change, **kwargs)

    def save_form(self, request: HttpRequest, form: Any, change: bool) -> User:
        """Add the person through the operation, which writes the audit row."""
        given = form.cleaned_data
        return operations.create_user(
            username=given["username"],
            email=given["email"],
            first_name=given["first_name"],
            last_name=given["last_name"],
            password=given["password"],
            is_staff=True,
            actor=Actor.of_request(request),
            at=clock.now(),
        )

    def save_model(self, request: HttpRequest, obj: Model, form: Any, change: bool) -> None:
        """Nothing: the operation saved."""

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        """Nothing: roles are not given here."""

    def get_urls(self) -> list[URLPattern]:
        """With the page that deactivates."""
        page = self.admin_site.admin_view(self.deactivate_view)
        name = "accounts_user_deactivate"
        return [path("<int:user_id>/deactivate/", page, name=name), *super().get_urls()]

    def deactivate_view(self, request: HttpRequest, user_id: int) -> HttpResponse:
        """Ask why, then take all access from a person."""
        user = self.get_object(request, str(user_id))
        if user is None or not request.user.has_perm("accounts.change_user"):
            raise PermissionDenied
        form = DeactivationForm(request.POST or None)
        person_page = reverse("admin:accounts_user_change", args=[user_id])
        if request.method == "POST" and form.is_valid():
            try:
                operations.deactivate_user(
                    user_id=user_id,
                    reason=form.cleaned_data["reason"],
                    actor=Actor.of_request(request),
                    at=clock.now(),
                )
            except Refused as refused:
                form.add_error(None, refused.message)
            else:
                messages.success(request, f"{user.display_name} has no access any more.")
                return HttpResponseRedirect(person_page)
        return TemplateResponse(
            request,
            "accounts/deactivate.html",
            {
                **self.admin_site.each_context(request),
                "title": f"Deactivate {user.display_name}",
                "opts": self.opts,
                "person": user,
                "form": form,
                "back": person_page,
            },
        )

    @admin.display(description="Username", ordering="username")
    def login(self, user: User) -> str:
        """The name to sign in with, without the help text for choosing one."""
        return user.username

    @admin.display(description="Name", ordering="first_name")
    def display_name(self, user: User) -> str:
        """The person's name."""
        return user.display_name

    @admin.display(description="Roles")
    def roles(self, user: User) -> str | SafeString:
        """What they may do."""
        names = sorted(group.name for group in user.groups.all())
        return ", ".join(names) or unknown("No role: sees and does nothing")

    @admin.display(description="Wallet")
    def wallet(self, user: Any) -> SafeString:
        """What they sign with."""
        return address(user.in_use[0].address) if user.in_use else unknown("No wallet: cannot sign")

    @admin.display(description="Second factor")
    def second_factor(self, user: Any) -> SafeString:
        """Whether the authenticator is set up."""
        enrolled = any(device.confirmed for device in user.totpdevice_set.all())
        return status_pill("Set up", "good") if enrolled else status_pill("Not yet", "warn")

    @admin.display(description="State", ordering="is_active")
    def state(self, user: User) -> SafeString:
        """Whether they have access at all."""
        return status_pill("Active", "good") if user.is_active else status_pill("Inactive", "bad")

    @admin.display(description="Access")
    def deactivate(self, user: User) -> str | SafeString:
        """The way to the page that takes access away."""
        if not user.is_active:
            return "Taken away. Giving it back needs a second person."
        url = reverse("admin:accounts_user_deactivate", args=[user.pk])
        return format_html('<a class="text-red-600 underline" href="{}">Deactivate …</a>', url)

    @admin.display(description="Added", ordering="date_joined")
    def joined(self, user: User) -> SafeString:
        """When they were added."""
        return when(user.date_joined)

    @admin.display(description="Last sign-in", ordering="last_login")
    def last_seen(self, user: User) -> SafeString:
        """When they last signed in to the admin."""
        return when(user.last_login, reason="Never signed in to the admin")


@admin.register(Wallet)
class WalletAdmin(ReadOnlyAdmin):
    """Wallets, also those that were retired."""

    list_display = ["account", "user", "registered", "retired"]
    list_filter = [("retired_at", admin.EmptyFieldListFilter)]
    list_select_related = ["user"]
    search_fields = ["address", "user__username"]
    ordering = ["-registered_at"]
    fields = ["account", "user", "registered", "retired"]
    readonly_fields = fields

    @admin.display(description="Address", ordering="address")
    def account(self, wallet: Wallet) -> SafeString:
        """The address."""
        return address(wallet.address)

    @admin.display(description="Registered", ordering="registered_at")
    def registered(self, wallet: Wallet) -> SafeString:
        """Since when it signs for the person."""
        return when(wallet.registered_at)

    @admin.display(description="Retired", ordering="retired_at")
    def retired(self, wallet: Wallet) -> SafeString:
        """Since when it does not any more."""
        return when(wallet.retired_at, reason="In use")
