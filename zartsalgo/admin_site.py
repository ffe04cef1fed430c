"""Django's admin under our name; staff land in the inbox, the record lists are one menu entry away."""

from django.contrib.admin import AdminSite


class OfficeSite(AdminSite):
    site_header = "ZartsAlgo"
    site_title = "ZartsAlgo"
    index_title = "All records"
    site_url = None
    enable_nav_sidebar = False
