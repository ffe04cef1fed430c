
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('zartsalgo', '0008_tokens_that_end'),
    ]

    operations = [
        migrations.CreateModel(
            name='Hang',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(help_text='The service: web, worker, beat or ticker.', max_length=20)),
                ('host', models.CharField(max_length=100)),
                ('pid', models.IntegerField()),
                ('silent_seconds', models.PositiveIntegerField(help_text='For how long it had not moved.')),
                ('ended_at', models.DateTimeField(db_index=True, help_text="By the database's clock.")),
            ],
        ),
    ]
