"""Intake: deliveries become events, and every event gets its receipts.

Deliveries are claimed (`workflows.claiming`) and read by their adapters outside any transaction (`draining`). Then everything that the
batch means happens in one transaction (`batch`, `recording`): people, events, opt-outs, statuses, receipts and runs, a statement for each
kind of row however many there are. What a type of event sets going stands in one table (`handling`). The unique keys make a second
reading harmless, so a worker may die anywhere. What is claimed for the fifth time becomes poison instead of being read, whether its
readers raised, hung or died: visible, replayable, in nobody's way. Trouble of the database is nobody's fault and is not counted.
Inbound messages of a batch go before the calls that came with them, so an opt-out is never behind one.
"""

from workflows.intake.batch import take_in
from workflows.intake.draining import drain, drain_once, read, take_in_one
from workflows.intake.items import occurred_at
from workflows.intake.recording import record
from workflows.intake.waking import ADVANCE_TASK, take_up, wake_runs_of

__all__ = ["ADVANCE_TASK", "drain", "drain_once", "occurred_at", "read", "record", "take_in", "take_in_one", "take_up", "wake_runs_of"]
