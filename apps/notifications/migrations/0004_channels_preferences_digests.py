"""More channels than mail, what people chose, what is told together, and what bounced."""

import importlib

import django.db.models.deletion
import django_fsm
from django.conf import settings
from django.db import migrations, models

GUARD = """
CREATE OR REPLACE FUNCTION notifications_notification_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        IF NEW.status NOT IN ('PENDING', 'HELD', 'FAILED', 'RECORDED')
            AND NOT (NEW.status = 'SENT' AND NEW.channel = 'IN_APP') THEN
            RAISE EXCEPTION 'a message does not begin as %', NEW.status USING ERRCODE = '23514';
        END IF;
        RETURN NEW;
    END IF;
    IF ROW(NEW.kind, NEW.dedupe_key, NEW.channel, NEW.recipient_id, NEW.address, NEW.severity,
           NEW.subject, NEW.text, NEW.html, NEW.content, NEW.link, NEW.attachments, NEW.topic,
           NEW.resolves, NEW.held_for, NEW.created_at)
       IS DISTINCT FROM
       ROW(OLD.kind, OLD.dedupe_key, OLD.channel, OLD.recipient_id, OLD.address, OLD.severity,
           OLD.subject, OLD.text, OLD.html, OLD.content, OLD.link, OLD.attachments, OLD.topic,
           OLD.resolves, OLD.held_for, OLD.created_at) THEN
        RAISE EXCEPTION 'what a message says does not change' USING ERRCODE = '23514';
    END IF;
    IF NEW.provider_id <> OLD.provider_id AND NOT (
        (OLD.status = 'SENDING' AND NEW.status = 'SENT')
        OR (OLD.status IN ('FAILED', 'DISMISSED') AND NEW.status = 'PENDING')
    ) THEN
        RAISE EXCEPTION 'what the provider calls a message does not change' USING ERRCODE = '23514';
    END IF;
    IF NEW.status <> OLD.status AND NOT (
        (OLD.status IN ('PENDING', 'RETRY') AND NEW.status = 'SENDING')
        OR (OLD.status = 'SENDING' AND NEW.status IN ('SENT', 'RETRY', 'FAILED'))
        OR (OLD.status = 'SENT' AND NEW.status = 'FAILED'
            AND NEW.channel = 'EMAIL' AND NEW.bounced_at IS NOT NULL)
        OR (OLD.status = 'FAILED' AND NEW.status IN ('PENDING', 'DISMISSED'))
        OR (OLD.status = 'DISMISSED' AND NEW.status = 'PENDING')
        OR (OLD.status = 'HELD' AND NEW.status IN ('GATHERED', 'RECORDED'))
    ) THEN
        RAISE EXCEPTION 'a message does not go from % to %', OLD.status, NEW.status
            USING ERRCODE = '23514';
    END IF;
    IF NEW.bounced_at IS DISTINCT FROM OLD.bounced_at AND NEW.status = OLD.status THEN
        RAISE EXCEPTION 'when a message bounced does not change' USING ERRCODE = '23514';
    END IF;
    RETURN NEW;
END $$;
"""
_before = importlib.import_module("apps.notifications.migrations.0002_transitions_in_the_database")
BACK = _before.GUARD[: _before.GUARD.index("CREATE TRIGGER")].replace(
    "CREATE FUNCTION", "CREATE OR REPLACE FUNCTION"
)


class Migration(migrations.Migration):

    dependencies = [
        ('notifications', '0003_plans_are_pushed'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Preference',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('topic_group', models.CharField(choices=[('RISK', 'Risk: alerts, levels, incidents, liquidity'), ('APPROVALS', 'Tickets that wait for a decision, and decisions'), ('REDEMPTIONS', 'Redemptions'), ('REBALANCING', 'Rebalancing plans'), ('PRICES', 'Prices and their sources'), ('REPORTS', 'Reports'), ('SYSTEM', 'Chain, transactions, contracts, checks')], max_length=20)),
                ('email', models.CharField(choices=[('IMMEDIATE', 'At once'), ('DIGEST', 'Once a day, in one mail'), ('OFF', 'Never')], default='IMMEDIATE', max_length=10)),
                ('in_app', models.BooleanField(default=True)),
            ],
            options={
                'default_permissions': (),
            },
        ),
        migrations.RemoveConstraint(
            model_name='notification',
            name='notification_sent_has_time',
        ),
        migrations.RemoveIndex(
            model_name='notification',
            name='notification_due',
        ),
        migrations.AddField(
            model_name='notification',
            name='bounced_at',
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name='notification',
            name='content',
            field=models.JSONField(default=dict),
        ),
        migrations.AddField(
            model_name='notification',
            name='held_for',
            field=models.CharField(blank=True, choices=[('DIGEST', 'Digest'), ('BURST', 'Burst')], max_length=10),
        ),
        migrations.AddField(
            model_name='notification',
            name='provider_id',
            field=models.CharField(blank=True, max_length=200),
        ),
        migrations.AddField(
            model_name='notification',
            name='read_at',
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name='notification',
            name='resolves',
            field=models.BooleanField(default=False),
        ),
        migrations.AddField(
            model_name='notification',
            name='summary',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='gathered', to='notifications.notification'),
        ),
        migrations.AddField(
            model_name='notification',
            name='topic',
            field=models.CharField(blank=True, max_length=200),
        ),
        migrations.AlterField(
            model_name='notification',
            name='channel',
            field=models.CharField(choices=[('EMAIL', 'Email'), ('SLACK', 'Slack'), ('TELEGRAM', 'Telegram'), ('PAGERDUTY', 'PagerDuty'), ('IN_APP', 'In the back-office')], default='EMAIL', max_length=10),
        ),
        migrations.AlterField(
            model_name='notification',
            name='html',
            field=models.TextField(blank=True),
        ),
        migrations.AlterField(
            model_name='notification',
            name='status',
            field=django_fsm.FSMField(choices=[('PENDING', 'Pending'), ('SENDING', 'Sending'), ('SENT', 'Sent'), ('RETRY', 'Retry'), ('FAILED', 'Failed'), ('DISMISSED', 'Dismissed'), ('RECORDED', 'Recorded'), ('HELD', 'Held'), ('GATHERED', 'Gathered')], default='PENDING', max_length=50, protected=True),
        ),
        migrations.AddIndex(
            model_name='notification',
            index=models.Index(condition=models.Q(('status__in', ('PENDING', 'RETRY', 'SENDING'))), fields=['channel', 'priority', 'next_attempt_at', 'id'], name='notification_due'),
        ),
        migrations.AddIndex(
            model_name='notification',
            index=models.Index(condition=models.Q(('status__in', ('PENDING', 'RETRY', 'SENDING')), models.Q(('topic', ''), _negated=True)), fields=['channel', 'topic', 'id'], name='notification_in_order'),
        ),
        migrations.AddIndex(
            model_name='notification',
            index=models.Index(fields=['channel', 'address', 'kind', '-created_at'], name='notification_burst'),
        ),
        migrations.AddIndex(
            model_name='notification',
            index=models.Index(condition=models.Q(('status', 'HELD')), fields=['held_for', 'id'], name='notification_held'),
        ),
        migrations.AddIndex(
            model_name='notification',
            index=models.Index(condition=models.Q(('channel', 'IN_APP'), ('status', 'SENT')), fields=['recipient', '-id'], name='notification_in_app'),
        ),
        migrations.AddIndex(
            model_name='notification',
            index=models.Index(condition=models.Q(('channel', 'IN_APP'), ('status', 'SENT'), ('read_at', None)), fields=['recipient'], name='notification_unread'),
        ),
        migrations.AddIndex(
            model_name='notification',
            index=models.Index(condition=models.Q(('provider_id', ''), _negated=True), fields=['provider_id'], name='notification_provider'),
        ),
        migrations.AddConstraint(
            model_name='notification',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('bounced_at', None), ('sent_at__isnull', False), ('status', 'SENT')), models.Q(('bounced_at__isnull', False), ('sent_at__isnull', False), ('status__in', ['FAILED', 'DISMISSED'])), models.Q(models.Q(('status', 'SENT'), _negated=True), ('bounced_at', None), ('sent_at', None)), _connector='OR'), name='notification_sent_has_time'),
        ),
        migrations.AddConstraint(
            model_name='notification',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('status__in', ['HELD', 'GATHERED']), _negated=True), models.Q(('held_for', ''), _negated=True), _connector='OR'), name='notification_held_for_something'),
        ),
        migrations.AddConstraint(
            model_name='notification',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('status', 'GATHERED'), ('summary__isnull', False)), models.Q(models.Q(('status', 'GATHERED'), _negated=True), ('summary__isnull', True)), _connector='OR'), name='notification_gathered_by_one'),
        ),
        migrations.AddConstraint(
            model_name='notification',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('channel', 'IN_APP'), _negated=True), models.Q(('recipient__isnull', False), ('status__in', ['SENT', 'RECORDED'])), _connector='OR'), name='notification_in_app_is_there'),
        ),
        migrations.AddConstraint(
            model_name='notification',
            constraint=models.CheckConstraint(condition=models.Q(('read_at', None), models.Q(('channel', 'IN_APP'), ('status', 'SENT')), _connector='OR'), name='notification_read_in_app'),
        ),
        migrations.AddField(
            model_name='preference',
            name='user',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddConstraint(
            model_name='preference',
            constraint=models.UniqueConstraint(fields=('user', 'topic_group'), name='preference_once'),
        ),
        migrations.RunSQL(GUARD, BACK),
    ]
