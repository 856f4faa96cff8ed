"""What raters are called where nobody is to know them."""

from uuid import UUID

from django.utils.crypto import salted_hmac

from studies.models import Study


def pseudonym(study: Study, rater: UUID) -> str:
    """Return a rater's name in a study's exports: the same in each, not to be turned back.

    A keyed hash, so that nobody without the installation's secret can link it to a rater, or the
    raters of one study to those of another.
    """
    return salted_hmac(f"studies.exports.{study.pk}", str(rater), algorithm="sha256").hexdigest()[
        :16
    ]
