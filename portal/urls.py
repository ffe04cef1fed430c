"""The portal's addresses. Uuids of stories and reports and the names of texts are the only ids in them; what is not one's own is not there."""

from django.urls import path

from portal.views import pages, signing_in, stories, texts

app_name = "portal"
urlpatterns = [
    path("", pages.results, name="results"),
    path("stories/", stories.list_stories, name="stories"),
    path("stories/<uuid:id>/", stories.show_story, name="story"),
    path("stories/<uuid:id>/outcome/", stories.say_outcome, name="outcome"),
    path("stories/<uuid:id>/not-right/", stories.say_not_right, name="not_right"),
    path("stories/<uuid:id>/take-back/", stories.take_back, name="take_back"),
    path("reports/", pages.list_reports, name="reports"),
    path("reports/<uuid:id>/", pages.show_report, name="report"),
    path("texts/", texts.list_texts, name="texts"),
    path("texts/<slug:key>/fine/", texts.say_fine, name="text_fine"),
    path("texts/<slug:key>/change/", texts.ask_for_change, name="text_change"),
    path("texts/<slug:key>/take-back/", texts.take_back, name="text_take_back"),
    path("help/", pages.show_help, name="help"),
    path("sign-in/", signing_in.sign_in, name="sign_in"),
    path("sent/", signing_in.sent, name="sent"),
    path("in/<str:token>/", signing_in.link, name="link"),
    path("choose/", signing_in.choose, name="choose"),
    path("sign-out/", signing_in.sign_out, name="sign_out"),
    path("<path:rest>", pages.missing, name="missing"),
]
