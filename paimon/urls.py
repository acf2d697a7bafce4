"""What comes by HTTP: the admin, REST, probes."""

from django.contrib import admin
from django.urls import include, path
from django.views.generic import RedirectView

urlpatterns = [
    path("", RedirectView.as_view(pattern_name="admin:index")),
    path("admin/", include("apps.accounts.admin_urls")),
    path("admin/", admin.site.urls),
    path("", include("apps.system.urls")),
    path("api/v1/", include("paimon.api_urls")),
]

handler400 = "apps.core.api.bad_request"
handler403 = "apps.core.api.forbidden"
handler404 = "apps.core.api.not_found"
handler500 = "apps.core.api.server_error"
