"""Pages under /admin/ for staff whom the admin does not let in yet."""

from django.urls import path

from apps.accounts import views

urlpatterns = [
    path("second-factor/", views.second_factor, name="second_factor"),
    path("sign-out/", views.sign_out, name="sign_out"),
]
