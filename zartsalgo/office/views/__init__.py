"""The pages of the office, one file a noun; each names its own addresses in `urlpatterns`."""
