"""Addresses under /rate/."""

from django.urls import path
from django.views.i18n import set_language

from annotation.views import accounts, entry, practice, questions

app_name = "annotation"
urlpatterns = [
    path("language/", set_language, name="language"),
    path("login/", accounts.log_in, name="login"),
    path("logout/", accounts.log_out, name="logout"),
    path("account/", accounts.account, name="account"),
    path("account/new/", accounts.new_account, name="account-new"),
    path("account/password/", accounts.new_password, name="account-password"),
    path("<str:token>/", entry.invitation, name="invitation"),
    path("<str:token>/instructions/", entry.instructions, name="instructions"),
    path("<str:token>/resume/<str:signed>/", entry.resume, name="resume"),
    path("<str:token>/check/", entry.check, name="check"),
    path("<str:token>/practice/", practice.practice, name="practice"),
    path("<str:token>/next/", questions.next_question, name="next"),
    path("<str:token>/answer/<uuid:key>/", questions.answer, name="answer"),
    path("<str:token>/hold/<uuid:key>/", questions.hold, name="hold"),
    path("<str:token>/image/<uuid:key>/<str:name>", questions.image, name="image"),
    path(
        "<str:token>/thumbnail/<uuid:key>/<str:name>",
        questions.image,
        {"size": "thumbnail"},
        name="thumbnail",
    ),
    path("<str:token>/skip/<uuid:key>/", questions.skip, name="skip"),
    path("<str:token>/done/", questions.done, name="done"),
]
