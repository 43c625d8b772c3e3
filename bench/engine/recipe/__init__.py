"""The same flow on Celery with Redis, as a team would write it by Celery's own docs (5.7)."""
