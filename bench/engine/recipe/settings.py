"""Celery's configuration. Beside each line, where Celery's documentation (5.7) advises it.

What is not set stands as Celery ships it; what is set is what somebody who has run it for years sets.
"""

from __future__ import annotations

import os

_REDIS = os.environ["ENGINE_REDIS"]  # redis://127.0.0.1:PORT
_LOST_S = int(os.environ["ENGINE_LOST_S"])

# "Using Redis", Configuration and Results: one database for messages, another one for results.
broker_url = f"{_REDIS}/0"
result_backend = f"{_REDIS}/1"

# "Tasks", Idempotency (introduction) and FAQ "Should I use retry or acks_late?": a task that may be run twice is
# acknowledged after it has run, so that a worker's death does not lose it.
task_acks_late = True
# "Tasks", introduction: with acks_late a task whose child process is killed is still acknowledged, unless this is set.
task_reject_on_worker_lost = True
# "Optimizing", Reserve one task at a time: with acks_late, so many as there are processes and no more.
worker_prefetch_multiplier = 1

# "Using Redis", Visibility timeout and Caveats: what nobody has acknowledged for so long is given to somebody else. It
# must be longer than the longest countdown ("ETA and Countdown", second warning), or polls are run over and over, and
# it is what a dead worker's messages wait for; all three lines are "required". The default is an hour.
broker_transport_options = {
    "visibility_timeout": _LOST_S,
    # kombu's transport for Redis, its options: the sweep for such messages, by default each 100 s, each 10 s.
    "unacked_restore_throttle": 1,
}
result_backend_transport_options = {"visibility_timeout": _LOST_S}
visibility_timeout = _LOST_S

# "Tasks", Ignore results you don't want: nobody waits for a submit or a poll; `fetch` alone keeps its result.
task_ignore_result = True
# "Configuration", result_expires: a day by default; what was made lies in our own table.
result_expires = 3600

# "Using Redis", Soft Shutdown, and "Configuration", worker_enable_soft_shutdown_on_idle (its tip speaks of countdowns):
# a worker that is told to stop gives its waiting polls back. A kill -9 has none of it.
worker_soft_shutdown_timeout = 10.0
worker_enable_soft_shutdown_on_idle = True

# "Workers", Running the worker as a daemon, and "Concurrency": the default pool, prefork; processes as the bench says.
worker_concurrency = int(os.environ.get("ENGINE_PROCESSES", "4"))
# "Configuration", worker_hijack_root_logger and task events: nothing is sent to monitors that are not there.
worker_send_task_events = False
task_send_sent_event = False
broker_connection_retry_on_startup = True  # "Configuration": says at once what 6.0 will do
worker_cancel_long_running_tasks_on_connection_loss = True  # "Configuration": likewise
imports = ("bench.engine.recipe.tasks",)
