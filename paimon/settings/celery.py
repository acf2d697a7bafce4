"""Celery: Redis is only the doorbell, so every task may be lost, doubled or late without harm."""

from .environment import env

CELERY_BROKER_URL: str = env.str("REDIS_URL")
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_DEFAULT_QUEUE = "default"
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_TASK_TIME_LIMIT = 300
CELERY_TASK_SOFT_TIME_LIMIT = 270
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": 900,
    "queue_order_strategy": "priority",
    # A killed worker's task comes back after the visibility timeout and at most this much more.
    "unacked_restore_interval": 10,
    "socket_timeout": 10,
    "retry_on_timeout": True,
}
CELERY_TIMEZONE = "UTC"
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
