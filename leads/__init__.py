"""Who wants what: the client (the business), its calendar, desks and responders; people, leads, consent, tasks and events."""
