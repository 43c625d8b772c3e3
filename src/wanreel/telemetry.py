"""The names of all log events, in one place; shell and adapters write them, the domain never does."""

from __future__ import annotations

import structlog

STEP = "job.step"  # a job took a step: job, what, state, reason
END_SEEN = "task.end_seen"  # a task's end was noticed: job, lag_s after it
SETTLED = "money.settled"  # a clip was paid for: job, amount, currency
STEP_LATE = "job.late_news"  # an event met a job that had moved on
STEP_STALE = "job.stale_write"  # a worker lost its claim and so its write
DOUBT = "job.unconfirmed"  # a paid call's answer was lost
SPARE = "job.spare"  # a paid task beyond the one a job needed
LIMITS_UNTOLD = "account.limits_untold"  # the vendor does not say what an account may do: account, why
PRICES = "prices.read"  # the user's own file of prices was changed, and holds from now on: file
PRICES_BROKE = "prices.broke"  # it was changed and cannot be used; the old prices hold: file, why
PARKED = "account.parked"  # the vendor refused more than one job: account, model, why
RESCUED = "job.rescued"  # a job whose worker vanished in mid-submit
STEP_BROKE = "job.step_broke"  # a bug: the step raised
LOOP_BROKE = "runner.broke"  # a tick of the runner raised; it goes on
FACTS_LOST = "archive.facts_lost"  # a clip is kept, what is told about it is not: key, why
UPLOAD_LEFT = "archive.upload_left"  # an upload that failed could not be aborted; the sweep will: key, why
UPLOADS_SWEPT = "archive.uploads_swept"  # uploads of dead processes were aborted: count
SPOOL_HOLDS = "spool.holds"  # nothing new is sent: the spool could not save it: why
NOTICE = "notice.delivered"  # a notice was handed on: notice
NOTICE_FAILED = "notice.failed"  # it could not be, and is tried again: notice, why
RUNNER = "runner.state"  # started, stopping, stopped
RATES_UNKNOWN = "vendor.rates_unknown"  # the database cannot say whose turn a call is: account, kind, why
NUDGES = "database.nudges"  # whether what others write is heard of at once: heard, why
LINE = "database.line"  # whether the database answers at all: answers, why
ENGINE = "engine.state"  # Temporal: reached, away, refused, broke: why
EVENT = "event.received"  # a completion event that was truly signed: task, status
EVENT_REFUSED = "event.refused"  # one that was not, or could not be checked: why
FEED_BROKE = "feed.broke"  # what happened could not be read; it is read again
HOOK = "webhook.delivered"  # hook, message, status
HOOK_FAILED = "webhook.failed"  # a try that came to nothing: hook, message, tries, why
REQUEST = "http.request"  # method, path, status, seconds, request id; never a body, never a token
SHARED_AWAY = "http.shared_away"  # what a stable link shows cannot be read just now: why
REQUEST_BROKE = "http.broke"  # a bug: a route raised
SERVER = "server.state"  # listening, stopping, stopped
JUDGE_FAILED = "judge.failed"  # a judge had nothing to say of a clip: job, why
REVIEWED = "clip.reviewed"  # job, score
WATCH_BROKE = "watch.broke"  # a watcher's turn could not read or keep something; it goes on
VENDOR_CALL = "vendor.call"  # kind, status, seconds; never a key
TRACES_LOST = "traces.lost"  # spans could not be sent: why
LOOK_ENDED = "media.look_ended"  # a process that looked into a file died of it: file, status
KEEPING = "storage.decided"  # somebody, or a rule, decided about a clip: job, what

log: structlog.typing.FilteringBoundLogger = structlog.get_logger("wanreel")
