"""What writes: recruiting, claiming, answering."""

from annotation.services.accounts import (
    AccountRefused,
    TooManyTries,
    account_enter,
    account_make,
    account_renew,
    rater_shut_out,
)
from annotation.services.answers import judgment_submit
from annotation.services.asking import newcomer_supplied, question_claim
from annotation.services.batches import (
    NewItem,
    batch_close,
    batch_create,
    batch_open,
    enrolment_finish,
    rater_enrol,
)
from annotation.services.claims import (
    assignment_claim,
    assignment_hold,
    assignment_renew,
    assignment_skip,
    assignments_expire,
)
from annotation.services.entering import enrolment_check, enrolment_practise
from annotation.services.errors import (
    AnswerDiffers,
    BatchClosed,
    BatchRefused,
    InvalidAnswer,
    LeaseExpired,
    NotYours,
    RatingError,
)
from annotation.services.trust import batch_review, enrolment_review, exclusion_lift

__all__ = [
    "AccountRefused",
    "AnswerDiffers",
    "BatchClosed",
    "BatchRefused",
    "InvalidAnswer",
    "LeaseExpired",
    "NewItem",
    "NotYours",
    "RatingError",
    "TooManyTries",
    "account_enter",
    "account_make",
    "account_renew",
    "assignment_claim",
    "assignment_hold",
    "assignment_renew",
    "assignment_skip",
    "assignments_expire",
    "batch_close",
    "batch_create",
    "batch_open",
    "batch_review",
    "enrolment_check",
    "enrolment_finish",
    "enrolment_practise",
    "enrolment_review",
    "exclusion_lift",
    "judgment_submit",
    "newcomer_supplied",
    "question_claim",
    "rater_enrol",
    "rater_shut_out",
]
