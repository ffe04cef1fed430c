"""Loading the facts of messages: the same few statements for one message or for two hundred."""

import uuid
from collections.abc import Sequence
from datetime import datetime

from django.db.models import prefetch_related_objects

from messaging import pauses
from messaging.carriers import sender_trouble
from messaging.gate.facts import Facts
from messaging.gate.judging import judge
from messaging.gate.reads import asked, clients, consents, overtaking, people, sends, ways
from messaging.models import Message
from zartsalgo.lib.places import locate
from zartsalgo.lib.slip import Slip

# Rows that a message points at; whoever reads it with them spares a statement each.
WITH = ("client", "contact", "template", "connection", "lead")


def load(*, messages: Sequence[Message], now: datetime) -> dict[uuid.UUID, Facts]:
    """What is known of each message as of `now`, by its id. Reads rows, changes none; a message need not be stored.

    To send by it, call it inside the transaction that reserves the attempt, under the lock of the address.
    """
    if not messages:
        return {}
    prefetch_related_objects(list(messages), *WITH)
    those = asked.as_json(messages=messages, now=now)
    setups = clients.read(clients={message.client_id: message.client for message in messages}.values())
    persons, before = people.read(asked=those), sends.read(asked=those, now=now)
    agreed, since = consents.read(asked=those, now=now), overtaking.read(asked=those)
    stops = pauses.open_for(client_ids={message.client_id for message in messages})
    way = {message.pk: ways.read(message=message) for message in messages}
    server = ways.mail_server() if any(message.channel == Message.EMAIL for message in messages) else None
    moved = ways.clock_was_moved(ways=list(way.values()), server=server)
    found = {}
    for message in messages:
        id, setup, person, contact = message.pk, setups[message.client_id], persons[message.pk], message.contact
        found[id] = Facts(
            client=message.client,
            place=locate(e164="" if message.channel == Message.EMAIL else message.to, state=contact.state, postal_code=contact.postal_code),
            calendar=setup.calendar,
            lead=message.lead,
            template=message.template,
            automation=setup.automations.get(message.workflow),
            responders=setup.responders,
            stop=person.stop,
            unread_reply=person.unread_reply,
            held=person.held,
            refused=before[id].refused,
            taken=before[id].taken,
            sent=before[id].sent,
            consents=agreed[id],
            overtaken=since[id],
            pause=next((pause for pause in stops if pauses.covers(pause=pause, message=message)), None),
            way=way[id],
            mail_server=server,
            sender_trouble=sender_trouble(message=message),
            clock_moved=moved,
        )
    return found


def look(*, message: Message, now: datetime) -> Slip:
    """What the gate says of one message now, for whoever only shows it."""
    return judge(message=message, facts=load(messages=[message], now=now)[message.pk], now=now)
