"""Addresses under /rate/."""

from django.urls import path
from django.views.i18n import set_language

from annotation import views

app_name = "annotation"
urlpatterns = [
    path("language/", set_language, name="language"),
    path("login/", views.log_in, name="login"),
    path("logout/", views.log_out, name="logout"),
    path("account/", views.account, name="account"),
    path("account/new/", views.new_account, name="account-new"),
    path("account/password/", views.new_password, name="account-password"),
    path("<str:token>/", views.invitation, name="invitation"),
    path("<str:token>/instructions/", views.instructions, name="instructions"),
    path("<str:token>/resume/<str:signed>/", views.resume, name="resume"),
    path("<str:token>/check/", views.check, name="check"),
    path("<str:token>/practice/", views.practice, name="practice"),
    path("<str:token>/next/", views.next_question, name="next"),
    path("<str:token>/answer/<uuid:key>/", views.answer, name="answer"),
    path("<str:token>/hold/<uuid:key>/", views.hold, name="hold"),
    path("<str:token>/image/<uuid:key>/<str:name>", views.image, name="image"),
    path(
        "<str:token>/thumbnail/<uuid:key>/<str:name>",
        views.image,
        {"size": "thumbnail"},
        name="thumbnail",
    ),
    path("<str:token>/skip/<uuid:key>/", views.skip, name="skip"),
    path("<str:token>/done/", views.done, name="done"),
]
