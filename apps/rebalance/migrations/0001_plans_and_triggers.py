"""Plans and their legs, previews, what asked for them, and the policy they follow."""

import django.db.models.deletion
import django_fsm
from django.db import migrations, models

import apps.core.fields


class Migration(migrations.Migration):

    initial = True

    dependencies = [
    ]

    operations = [
        migrations.CreateModel(
            name='Preview',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('chain_id', models.BigIntegerField()),
                ('created_by_id', models.BigIntegerField()),
                ('created_by_name', models.CharField(max_length=150)),
                ('created_at', models.DateTimeField()),
                ('expires_at', models.DateTimeField()),
                ('aim', models.JSONField()),
                ('situation', models.JSONField()),
                ('blueprint', models.JSONField()),
                ('content_hash', apps.core.fields.HashField()),
                ('policy_version', models.PositiveIntegerField()),
                ('reverse_of_id', models.BigIntegerField(null=True)),
            ],
        ),
        migrations.CreateModel(
            name='Plan',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('chain_id', models.BigIntegerField()),
                ('trigger', models.CharField(choices=[('SCHEDULED', 'Scheduled'), ('THRESHOLD', 'Threshold'), ('LIQUIDITY', 'Liquidity'), ('EVENT', 'Event'), ('MANUAL', 'Manual')], max_length=9)),
                ('trigger_reason', models.CharField(max_length=500)),
                ('aim', models.CharField(max_length=9)),
                ('planner', models.CharField(max_length=9)),
                ('amount_assets', apps.core.fields.Uint256Field()),
                ('slippage_assets', apps.core.fields.Uint256Field()),
                ('gas_assets', apps.core.fields.Uint256Field()),
                ('situation', models.JSONField()),
                ('blueprint', models.JSONField()),
                ('policy_version', models.PositiveIntegerField()),
                ('calls_hash', apps.core.fields.HashField()),
                ('created_by_id', models.BigIntegerField(help_text='Empty when the clock made it', null=True)),
                ('created_by_name', models.CharField(max_length=150)),
                ('created_at', models.DateTimeField()),
                ('status', django_fsm.FSMField(choices=[('DRAFT', 'Draft'), ('PENDING_APPROVAL', 'Waits for approval'), ('APPROVED', 'Approved'), ('EXECUTING', 'Being executed'), ('COMPLETED', 'Completed'), ('PARTIALLY_COMPLETED', 'Partially completed'), ('FAILED', 'Failed'), ('CANCELLED', 'Cancelled'), ('EXPIRED', 'Expired')], default='DRAFT', max_length=50, protected=True)),
                ('approval', models.CharField(blank=True, default='', help_text='Why it needs an approval, or none', max_length=300)),
                ('ticket_id', models.BigIntegerField(null=True)),
                ('approved_at', models.DateTimeField(null=True)),
                ('expires_at', models.DateTimeField(help_text='Not begun after this')),
                ('begun_at', models.DateTimeField(null=True)),
                ('not_before', models.DateTimeField(help_text='Next try while something waits', null=True)),
                ('waits_for', models.CharField(blank=True, default='', max_length=500)),
                ('finished_at', models.DateTimeField(null=True)),
                ('outcome', models.TextField(blank=True, default='', help_text='How it ended, in words')),
                ('after', models.JSONField(null=True)),
                ('deviation_bps', models.BigIntegerField(help_text='From the projection, bps of total assets', null=True)),
                ('to_review', models.BooleanField(default=False)),
                ('reviewed_by_name', models.CharField(blank=True, default='', max_length=150)),
                ('reviewed_at', models.DateTimeField(null=True)),
                ('reverse_of', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='reversals', to='rebalance.plan')),
                ('preview', models.OneToOneField(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='plan', to='rebalance.preview')),
            ],
            options={
                'ordering': ['-id'],
                'permissions': [('preview_plan', 'Can preview plans'), ('submit_plan', 'Can submit and cancel plans'), ('review_plan', 'Can review plans that ran without approval'), ('export_plan', 'Can export plans')],
            },
        ),
        migrations.CreateModel(
            name='Policy',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('version', models.PositiveIntegerField(unique=True)),
                ('active', models.BooleanField(default=True)),
                ('values', models.JSONField()),
                ('ticket_id', models.BigIntegerField(help_text='Who approved it; empty for the one that came with the installation', null=True)),
                ('created_at', models.DateTimeField()),
            ],
            options={
                'verbose_name_plural': 'policies',
                'ordering': ['-version'],
                'permissions': [('propose_policy', 'Can propose parameters of rebalancing')],
                'constraints': [models.UniqueConstraint(condition=models.Q(('active', True)), fields=('active',), name='policy_one_active'), models.UniqueConstraint(fields=('ticket_id',), name='policy_ticket_once'), models.CheckConstraint(condition=models.Q(('version', 1), ('ticket_id__isnull', False), _connector='OR'), name='policy_has_ticket')],
            },
        ),
        migrations.CreateModel(
            name='Wish',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('chain_id', models.BigIntegerField()),
                ('key', models.CharField(max_length=120, unique=True)),
                ('reason', models.CharField(max_length=500)),
                ('aim', models.JSONField()),
                ('wished_at', models.DateTimeField()),
                ('considered_at', models.DateTimeField(null=True)),
            ],
            options={
                'verbose_name_plural': 'wishes',
                'indexes': [models.Index(condition=models.Q(('considered_at', None)), fields=['wished_at'], name='wish_waiting')],
            },
        ),
        migrations.CreateModel(
            name='TriggerEvent',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('chain_id', models.BigIntegerField()),
                ('kind', models.CharField(choices=[('SCHEDULED', 'Scheduled'), ('THRESHOLD', 'Threshold'), ('LIQUIDITY', 'Liquidity'), ('EVENT', 'Event'), ('MANUAL', 'Manual')], max_length=9)),
                ('reason', models.CharField(max_length=500)),
                ('outcome', models.CharField(choices=[('PLANNED', 'A plan was made'), ('RECORDED', 'Recorded on the open plan'), ('NOTHING', 'No plan')], max_length=8)),
                ('explanation', models.CharField(blank=True, default='', max_length=500)),
                ('first_at', models.DateTimeField()),
                ('last_at', models.DateTimeField()),
                ('times', models.PositiveIntegerField(default=1)),
                ('plan', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='triggers', to='rebalance.plan')),
            ],
            options={
                'ordering': ['-last_at', '-id'],
            },
        ),
        migrations.CreateModel(
            name='Leg',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('position', models.PositiveSmallIntegerField()),
                ('kind', models.CharField(max_length=8)),
                ('priority', models.PositiveSmallIntegerField()),
                ('tier_from', models.SmallIntegerField(choices=[(0, 'L1'), (1, 'L2'), (2, 'L3')])),
                ('tier_to', models.SmallIntegerField(choices=[(0, 'L1'), (1, 'L2'), (2, 'L3')])),
                ('token', apps.core.fields.AddressField()),
                ('symbol', models.CharField(max_length=64)),
                ('decimals', models.SmallIntegerField()),
                ('assets', apps.core.fields.Uint256Field()),
                ('tokens', apps.core.fields.Uint256Field()),
                ('assets_min', apps.core.fields.Uint256Field()),
                ('tokens_min', apps.core.fields.Uint256Field()),
                ('method', models.SmallIntegerField(choices=[(0, 'OTC'), (1, 'Swap'), (2, 'Automatic')])),
                ('slippage_bps', models.IntegerField()),
                ('slippage_assets', apps.core.fields.Uint256Field()),
                ('gas_assets', apps.core.fields.Uint256Field()),
                ('reason', models.CharField(max_length=300)),
                ('depends_on', models.JSONField(default=list)),
                ('call_hash', apps.core.fields.HashField()),
                ('status', django_fsm.FSMField(choices=[('PLANNED', 'Planned'), ('SENT', 'On its way'), ('DONE', 'Done'), ('FAILED', 'Failed'), ('SKIPPED', 'Skipped')], default='PLANNED', max_length=50, protected=True)),
                ('transaction_id', models.BigIntegerField(null=True)),
                ('sent_at', models.DateTimeField(null=True)),
                ('finished_at', models.DateTimeField(null=True)),
                ('tx_hash', apps.core.fields.HashField(blank=True, default='')),
                ('realised_assets', apps.core.fields.Uint256Field(null=True)),
                ('realised_tokens', apps.core.fields.Uint256Field(null=True)),
                ('slippage_bps_realised', models.IntegerField(null=True)),
                ('gas_used', models.BigIntegerField(null=True)),
                ('error', models.TextField(blank=True, default='')),
                ('plan', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='legs', to='rebalance.plan')),
            ],
            options={
                'ordering': ['plan', 'position'],
                'constraints': [models.UniqueConstraint(fields=('plan', 'position'), name='leg_once'), models.UniqueConstraint(fields=('transaction_id',), name='leg_transaction_once'), models.CheckConstraint(condition=models.Q(models.Q(('realised_assets__isnull', False), ('status', 'DONE'), ('tx_hash__gt', '')), models.Q(('status', 'DONE'), _negated=True), _connector='OR'), name='leg_done_has_figures')],
            },
        ),
        migrations.AddIndex(
            model_name='plan',
            index=models.Index(fields=['status', 'created_at'], name='plan_by_status'),
        ),
        migrations.AddIndex(
            model_name='plan',
            index=models.Index(fields=['-created_at'], name='plan_newest'),
        ),
        migrations.AddConstraint(
            model_name='plan',
            constraint=models.UniqueConstraint(condition=models.Q(('status__in', ['DRAFT', 'PENDING_APPROVAL', 'APPROVED', 'EXECUTING'])), fields=('chain_id',), name='plan_one_open'),
        ),
        migrations.AddConstraint(
            model_name='plan',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('finished_at__isnull', True), ('status__in', ['DRAFT', 'PENDING_APPROVAL', 'APPROVED', 'EXECUTING'])), models.Q(models.Q(('status__in', ['DRAFT', 'PENDING_APPROVAL', 'APPROVED', 'EXECUTING']), _negated=True), ('finished_at__isnull', False)), _connector='OR'), name='plan_finished_has_time'),
        ),
        migrations.AddIndex(
            model_name='triggerevent',
            index=models.Index(fields=['-last_at'], name='trigger_newest'),
        ),
        migrations.AddConstraint(
            model_name='triggerevent',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('outcome', 'NOTHING'), ('plan__isnull', True)), models.Q(models.Q(('outcome', 'NOTHING'), _negated=True), ('plan__isnull', False)), _connector='OR'), name='trigger_names_its_plan'),
        ),
    ]
