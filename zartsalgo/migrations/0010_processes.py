
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('zartsalgo', '0009_hangs'),
    ]

    operations = [
        migrations.CreateModel(
            name='ProcessHeartbeat',
            fields=[
                ('id', models.CharField(help_text='Drawn by the process itself.', max_length=16, primary_key=True, serialize=False)),
                ('name', models.CharField(help_text='web, worker or ticker.', max_length=20)),
                ('host', models.CharField(max_length=80)),
                ('pid', models.IntegerField()),
                ('at', models.DateTimeField(help_text="By the database's clock.")),
                ('house', models.JSONField(help_text='What all machines must have alike; keys by a digest. See zartsalgo.house.')),
            ],
        ),
    ]
