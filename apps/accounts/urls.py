"""REST paths of sign-in, below /api/v1/."""

from django.urls import path

from apps.accounts.api import views

urlpatterns = [
    path("auth/challenge", views.ChallengeView.as_view(), name="auth-challenge"),
    path("auth/verify", views.VerifyView.as_view(), name="auth-verify"),
    path("auth/refresh", views.RefreshView.as_view(), name="auth-refresh"),
    path("auth/logout", views.LogoutView.as_view(), name="auth-logout"),
    path("auth/me", views.MeView.as_view(), name="auth-me"),
]
