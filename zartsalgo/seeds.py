"""Rows that every installation has; made after migrations, harmless to repeat."""

from typing import Any

from django.contrib.auth.models import Group, Permission

# Which records a group may look at or edit in the admin; the verbs of the office are in zartsalgo.rights.
GROUPS = {
    "staff": ("view",),
    "approver": ("view",),
    "owner": ("view", "add", "change"),
}


def make_groups(**kwargs: Any) -> None:
    """The three groups, with exactly the admin permissions each holds. Machine rows are read-only for everybody whatever a group says."""
    for name, verbs in GROUPS.items():
        group, _ = Group.objects.get_or_create(name=name)
        allowed = Permission.objects.none()
        for verb in verbs:
            allowed = allowed | Permission.objects.filter(codename__startswith=f"{verb}_")
        group.permissions.set(allowed)
