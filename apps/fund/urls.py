"""REST paths of the fund, below /api/v1/."""

from django.urls import path

from apps.fund.api import views

urlpatterns = [
    path("fund/overview", views.OverviewView.as_view(), name="fund-overview"),
    path("fund/nav/history", views.NavHistoryView.as_view(), name="fund-nav-history"),
    path("fund/liquidity/layers", views.LayersView.as_view(), name="fund-layers"),
    path("fund/assets", views.AssetsView.as_view(), name="fund-assets"),
    path("fund/fees", views.FeesView.as_view(), name="fund-fees"),
    path("fund/holders", views.HoldersView.as_view(), name="fund-holders"),
    path("fund/holders/<str:address>", views.HolderView.as_view(), name="fund-holder"),
]
