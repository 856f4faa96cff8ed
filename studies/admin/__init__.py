"""Setting up and running studies in Django's admin."""

from django.contrib import admin

from studies.admin.study import StudyAdmin
from studies.admin.subjects import BrowsedSubjectAdmin

__all__ = ["BrowsedSubjectAdmin", "StudyAdmin"]

admin.site.site_header = "Concordance"
admin.site.site_title = "Concordance admin"
admin.site.index_title = "Set up and run studies"
