"""People and access: users, API tokens; and the two one-row facts every process shares: the clock's offset and signs of life."""

from django.contrib.auth.models import AbstractUser
from django.db import models
from django.db.models.functions import Lower


class User(AbstractUser):
    """A member of the agency. Groups: owner, approver, staff."""

    class Meta(AbstractUser.Meta):
        constraints = [
            models.UniqueConstraint(Lower("email"), condition=~models.Q(email=""), name="user_email_unique_where_given"),
        ]


class ApiToken(models.Model):
    """A bearer token of the staff API. Only its digest is kept; the token itself is shown once."""

    class Scope(models.TextChoices):
        READ = "read", "Read"
        WRITE = "write", "Read and write"

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="api_tokens")
    digest = models.CharField(max_length=64, unique=True)
    prefix = models.CharField(max_length=8)
    scope = models.CharField(max_length=5, choices=Scope, default=Scope.READ)
    created_at = models.DateTimeField(auto_now_add=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"{self.prefix}… of {self.user}"


class Clock(models.Model):
    """How far the business clock is moved. One row; see zartsalgo.lib.clock."""

    shifted_by = models.DurationField()

    class Meta:
        constraints = [models.CheckConstraint(condition=models.Q(id=1), name="clock_is_one_row")]


class Heartbeat(models.Model):
    """When a kind of process last said that it works. See zartsalgo.lib.heartbeat."""

    name = models.CharField(primary_key=True, max_length=20)
    at = models.DateTimeField()
    host = models.CharField(max_length=100)
    pid = models.IntegerField()
