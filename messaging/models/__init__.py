"""What people receive. A Message is planned as a row, judged by the gate, and tried at most once until the try is proven unsent. Each
judgement is a Slip, which stands once and never changes.

The partial unique index `attempt_one_live` is the guard against a second text: while an attempt is reserved, calling, accepted or
unknown no other can exist. Unknown is a state of its own and never a reason to repeat.
"""

from messaging.models.handovers import Handover
from messaging.models.holds import Pause
from messaging.models.links import ReviewClick, ReviewLink
from messaging.models.notices import Notice
from messaging.models.sends import Attempt, ListedSend, Message, PurposeClaim
from messaging.models.slips import Slip
from messaging.models.stops import DoNotCallList, DoNotCallNumber, Suppression
from messaging.models.talks import AnswerPromise, Conversation, ConversationChange, Photo
from messaging.models.words import Template

__all__ = [
    "AnswerPromise",
    "Attempt",
    "Conversation",
    "ConversationChange",
    "DoNotCallList",
    "DoNotCallNumber",
    "Handover",
    "ListedSend",
    "Message",
    "Notice",
    "Pause",
    "Photo",
    "PurposeClaim",
    "ReviewClick",
    "ReviewLink",
    "Slip",
    "Suppression",
    "Template",
]
