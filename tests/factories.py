"""Rows for tests: named people, one business per trade, fiction numbers only."""

from datetime import UTC, datetime

import factory
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group

from leads.models import Automation, Client, Consent, Contact, Identity, Lead, Responder
from zartsalgo.lib import clock
from zartsalgo.lib.ids import new_id

# A Friday noon in Denver (MST, UTC-7), far from every quiet hour.
NOON = datetime(2026, 11, 20, 19, 0, tzinfo=UTC)


class StaffFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = get_user_model()
        skip_postgeneration_save = True
        django_get_or_create = ("username",)

    username = "sam"
    is_staff = True
    password = factory.django.Password("correct horse battery")

    @factory.post_generation
    def group(self, create, extracted, **kwargs):
        """`StaffFactory(group="approver")`; without it they are in none, which counts as staff."""
        if extracted:
            self.groups.add(Group.objects.get(name=extracted))


class ClientFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Client
        skip_postgeneration_save = True
        django_get_or_create = ("slug",)

    slug = "summit-roofing"
    name = "Summit Roofing"
    timezone = "America/Denver"
    phone = "+13035550100"
    created_at = NOON

    @factory.post_generation
    def send(self, create, extracted, **kwargs):
        for workflow in ("missed-call-text-back", "lead-intake"):
            Automation.objects.get_or_create(client=self, workflow=workflow, defaults={"send": extracted or "auto"})


class ResponderFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Responder

    client = factory.SubFactory(ClientFactory)
    name = "Rita"
    phone = "+13035550190"


class ContactFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Contact
        skip_postgeneration_save = True

    id = factory.LazyFunction(new_id)
    client = factory.SubFactory(ClientFactory)
    name = "Carla Gomez"
    created_at = NOON

    @factory.post_generation
    def phone(self, create, extracted, **kwargs):
        if extracted:
            Identity.objects.create(client=self.client, contact=self, kind="phone", value=extracted)
            # As intake writes it: whoever is known by a number has called from it just now.
            Consent.objects.create(
                client=self.client, contact=self, purpose="answer", channel="sms", address=extracted, source_kind="call",
                source="Call to the business", granted_at=clock.read(),
            )  # fmt: skip


class LeadFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Lead

    id = factory.LazyFunction(new_id)
    client = factory.SubFactory(ClientFactory)
    contact = factory.SubFactory(ContactFactory, client=factory.SelfAttribute("..client"))
    source = "Google Ads"
    kind = "missed call"
    created_at = NOON
