"""A proof can only carry the text whose hash was approved: the pair (approval, hash) refers to the approval's own."""

from django.db import migrations

ADD = """
alter table summaries_proof add constraint proof_carries_the_approved_text
  foreign key (approval_id, text_sha256) references summaries_approval (id, text_sha256)"""


class Migration(migrations.Migration):
    dependencies = [("summaries", "0001_initial")]
    operations = [migrations.RunSQL(ADD, "alter table summaries_proof drop constraint proof_carries_the_approved_text")]
