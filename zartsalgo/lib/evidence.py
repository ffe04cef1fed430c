"""Append-only tables: the database itself refuses to change or delete evidence, whoever asks.

Personal fields stand in columns of their own that may only become NULL (erasure, expiry). Columns named in `may_change` are the
bookkeeping of a row (how often a repeat came, when it was worked off), never what happened.
"""

import pgtrigger


def append_only(
    *, erasable: tuple[str, ...] = (), erasable_links: tuple[str, ...] = (), may_change: tuple[str, ...] = ()
) -> list[pgtrigger.Trigger]:
    """Triggers for a model's Meta: no delete, no update outside `may_change`; `erasable` fields and `erasable_links` (foreign keys)
    may only become NULL."""
    free = [*may_change, *erasable, *erasable_links]
    columns = [*erasable, *(f"{link}_id" for link in erasable_links)]
    triggers: list[pgtrigger.Trigger] = [
        pgtrigger.Protect(name="no_delete", operation=pgtrigger.Delete),
        pgtrigger.ReadOnly(name="no_update", exclude=free) if free else pgtrigger.Protect(name="no_update", operation=pgtrigger.Update),
    ]
    if columns:
        changed = (f'(NEW."{column}" IS NOT NULL AND NEW."{column}" IS DISTINCT FROM OLD."{column}")' for column in columns)
        rewritten = pgtrigger.Condition(f"({' OR '.join(changed)})")
        triggers.append(pgtrigger.Protect(name="only_erasure", operation=pgtrigger.Update, condition=rewritten))
    return triggers
