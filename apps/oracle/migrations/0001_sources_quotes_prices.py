"""Price sources, what each of them said, and the prices they agreed on."""

import apps.core.fields
import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
    ]

    operations = [
        migrations.CreateModel(
            name='Price',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('chain_id', models.BigIntegerField()),
                ('token', apps.core.fields.AddressField()),
                ('at', models.DateTimeField()),
                ('block_number', models.BigIntegerField()),
                ('block_hash', apps.core.fields.HashField()),
                ('price', apps.core.fields.Uint256Field(null=True)),
                ('reason', models.CharField(blank=True, default='', max_length=300)),
                ('sources_used', models.PositiveSmallIntegerField()),
                ('oldest_at', models.DateTimeField(help_text='Of the figures that were used, by the wall clock', null=True)),
                ('spread_bps', models.BigIntegerField(null=True)),
                ('traded_price', apps.core.fields.Uint256Field(null=True)),
                ('deviation_bps', models.BigIntegerField(null=True)),
            ],
            options={
                'ordering': ['-at', 'token'],
                'indexes': [models.Index(fields=['-at', 'token'], name='price_newest')],
                'constraints': [models.UniqueConstraint(fields=('chain_id', 'token', 'at'), name='price_once'), models.CheckConstraint(condition=models.Q(models.Q(('oldest_at__isnull', False), ('price__gt', 0), ('reason', '')), models.Q(('price__isnull', True), models.Q(('reason', ''), _negated=True)), _connector='OR'), name='price_or_reason')],
            },
        ),
        migrations.CreateModel(
            name='Source',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('chain_id', models.BigIntegerField()),
                ('token', apps.core.fields.AddressField()),
                ('kind', models.CharField(choices=[('ADAPTER', "The fund's oracle adapter"), ('AGGREGATOR', 'On-chain aggregator feed'), ('HTTP', 'HTTP')], max_length=10)),
                ('name', models.CharField(max_length=32)),
                ('address', apps.core.fields.AddressField(blank=True, default='')),
                ('url', models.CharField(blank=True, default='', max_length=500)),
                ('price_path', models.CharField(blank=True, default='', max_length=200)),
                ('time_path', models.CharField(blank=True, default='', max_length=200)),
                ('stale_after_seconds', models.PositiveIntegerField(default=3600)),
                ('active', models.BooleanField(default=True)),
                ('ticket_id', models.BigIntegerField(help_text='Who approved it as it is; empty when it came with the installation', null=True)),
                ('created_at', models.DateTimeField()),
                ('loaded_in', models.BigIntegerField(editable=False, help_text="PostgreSQL's number of the first load's transaction", null=True)),
                ('last_answer_at', models.DateTimeField(help_text='It last gave a figure', null=True)),
                ('last_error', models.CharField(blank=True, default='', max_length=300)),
                ('failures_in_a_row', models.PositiveIntegerField(default=0)),
                ('latency_ms', models.PositiveIntegerField(null=True)),
            ],
            options={
                'ordering': ['token', 'kind', 'name'],
                'permissions': [('propose_source', 'Can propose price sources')],
                'constraints': [models.UniqueConstraint(fields=('chain_id', 'token', 'name'), name='source_once'), models.UniqueConstraint(condition=models.Q(('kind', 'ADAPTER')), fields=('chain_id', 'token'), name='source_one_adapter'), models.CheckConstraint(condition=models.Q(models.Q(('address', ''), ('kind', 'ADAPTER'), ('price_path', ''), ('time_path', ''), ('url', '')), models.Q(('kind', 'AGGREGATOR'), ('price_path', ''), ('time_path', ''), ('url', ''), models.Q(('address', ''), _negated=True)), models.Q(('address', ''), ('kind', 'HTTP'), models.Q(('url', ''), _negated=True), models.Q(('price_path', ''), _negated=True)), _connector='OR'), name='source_says_where')],
            },
        ),
        migrations.CreateModel(
            name='Quote',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('status', models.CharField(choices=[('USED', 'Used'), ('STALE', 'Too old'), ('OUTLIER', 'Off the median'), ('INVALID', 'Not a price'), ('FAILED', 'No price')], max_length=7)),
                ('price', apps.core.fields.Uint256Field(null=True)),
                ('as_of', models.DateTimeField(help_text='The instant that the source names', null=True)),
                ('deviation_bps', models.BigIntegerField(help_text='From the median, signed', null=True)),
                ('error', models.CharField(blank=True, default='', max_length=300)),
                ('price_row', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='quotes', to='oracle.price')),
                ('source', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='quotes', to='oracle.source')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('price_row', 'source'), name='quote_once')],
            },
        ),
    ]
