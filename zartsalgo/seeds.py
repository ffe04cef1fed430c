"""Rows that every installation has; made after migrations, harmless to repeat."""

from typing import Any

from django.contrib.auth.models import Group, Permission

GROUPS = {
    # who may look at records in the admin, and who may change configuration there
    "staff": ("view",),
    "approver": ("view",),
    "owner": ("view", "add", "change"),
}


def make_groups(**kwargs: Any) -> None:
    """The three groups, with the admin permissions each holds. Machine rows are read-only for everybody whatever a group says."""
    for name, verbs in GROUPS.items():
        group, _ = Group.objects.get_or_create(name=name)
        allowed = Permission.objects.none()
        for verb in verbs:
            allowed = allowed | Permission.objects.filter(codename__startswith=f"{verb}_")
        group.permissions.add(*allowed)
