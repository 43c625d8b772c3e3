"""The tables. The jobs table is the truth; its JSON is the job, its columns are what jobs are found by (store/rows).

Changing anything here needs a new revision in store/migrations; a test compares the two.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    Double,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
    text,
)

metadata = MetaData()

_COUNT = BigInteger().with_variant(Integer(), "sqlite")  # counts up by itself; SQLite's integers have 64 bits anyway

jobs = Table(
    "jobs",
    metadata,
    Column("id", Text, primary_key=True),
    Column("version", Integer, nullable=False),
    Column("state", Text, nullable=False),
    Column("account", Text, nullable=False),
    Column("model", Text, nullable=False),
    Column("lane", Text),  # submit, watch, archive; null where there is nothing to do
    Column("due_at", Double),
    Column("queued_at", Double),  # in the lane of submits: when it was made, and so who goes first
    Column("order_at", Double),  # in the other lanes: who goes first
    Column("slot_until", Double),  # holds a slot before this; infinite: until the vendor's last word
    Column("intent_at", Double),  # of the paid call that is in the air
    Column("seen_at", Double),  # when the vendor last showed its task; never forgotten
    Column("created_at", Double, nullable=False),
    Column("place", Integer, nullable=False),  # in its group
    Column("batch", Text),  # its group
    Column("key", Text),
    Column("spare_of", Text),
    Column("ask", Text),
    Column("project", Text, nullable=False, server_default="default"),
    Column("priority", Integer, nullable=False, server_default="0"),
    Column("bound", Integer, nullable=False, server_default="0"),  # 1: never leaves its account
    Column("claim_owner", Text),
    Column("claim_until", Double),
    Column("body", Text, nullable=False),
    Column("task_id", Text),  # these five: of a task the vendor works on
    Column("accepted_at", Double),
    Column("task_how", Text),  # answer, adopted
    Column("tier", Text),
    Column("clip_s", Integer),
    Column("stake_bytes", BigInteger),  # what its clip may yet ask of the spool
    UniqueConstraint("key", name="uq_jobs_key"),
)

# Indexes cover only the rows they are for, so that a look at a task rewrites as few as can be. Their conditions are
# all IS NOT NULL: a database proves those from a statement's text, where a bound value could be anything.


def _only(condition: str) -> dict[str, Any]:
    """As SQLite has it. PostgreSQL's indexes are its migrations' alone: to name them here would load that dialect in
    every process, which takes as long as all of these tables.
    """
    return {"sqlite_where": text(condition)}


Index("ix_jobs_work", jobs.c.lane, jobs.c.due_at, **_only("lane IS NOT NULL"))
Index(
    "ix_jobs_queue",
    jobs.c.account,
    jobs.c.model,
    jobs.c.project,
    jobs.c.priority,
    jobs.c.queued_at,
    jobs.c.place,
    jobs.c.id,
    **_only("queued_at IS NOT NULL"),
)
Index("ix_jobs_ready", jobs.c.account, jobs.c.model, jobs.c.project, jobs.c.due_at, **_only("queued_at IS NOT NULL"))
Index("ix_jobs_slots", jobs.c.account, jobs.c.model, jobs.c.slot_until, **_only("slot_until IS NOT NULL"))
Index("ix_jobs_claims", jobs.c.lane, jobs.c.claim_until, **_only("claim_until IS NOT NULL"))
Index("ix_jobs_air", jobs.c.intent_at, **_only("intent_at IS NOT NULL"))
Index("ix_jobs_seen", jobs.c.account, jobs.c.seen_at, **_only("seen_at IS NOT NULL"))
Index("ix_jobs_newest", jobs.c.created_at, jobs.c.place, jobs.c.id)
Index("ix_jobs_state", jobs.c.state, jobs.c.created_at)
Index("ix_jobs_batch", jobs.c.batch, jobs.c.created_at, **_only("batch IS NOT NULL"))
Index("ix_jobs_project", jobs.c.project, jobs.c.created_at)
Index("ix_jobs_ask", jobs.c.ask, jobs.c.created_at, **_only("ask IS NOT NULL"))
Index("ix_jobs_spares", jobs.c.spare_of, **_only("spare_of IS NOT NULL"))
Index("ix_jobs_running", jobs.c.account, jobs.c.accepted_at, jobs.c.id, **_only("accepted_at IS NOT NULL"))
Index("ix_jobs_stake", jobs.c.stake_bytes, **_only("stake_bytes IS NOT NULL"))

tasks = Table(
    "tasks",
    metadata,
    Column("account", Text, nullable=False),
    Column("task_id", Text, nullable=False),
    Column("job_id", Text, ForeignKey("jobs.id"), nullable=False),
    PrimaryKeyConstraint("account", "task_id"),
)

tags = Table(
    "tags",
    metadata,
    Column("tag", Text, nullable=False),
    Column("job_id", Text, ForeignKey("jobs.id"), nullable=False),
    PrimaryKeyConstraint("tag", "job_id"),
)

history = Table(
    "history",
    metadata,
    Column("job_id", Text, ForeignKey("jobs.id"), nullable=False),
    Column("version", Integer, nullable=False),
    Column("body", Text, nullable=False),
    PrimaryKeyConstraint("job_id", "version"),
)


def _happening() -> tuple[Column[Any], ...]:
    """The columns of something that happened; a column belongs to one table, so each asks for its own."""
    return (
        Column("seq", _COUNT, primary_key=True, autoincrement=True),
        Column("at", Double, nullable=False),
        Column("project", Text, nullable=False),
        Column("batch", Text),
        Column("job_id", Text, nullable=False),
        Column("version", Integer, nullable=False),
        Column("state", Text, nullable=False),
        Column("event", Text, nullable=False),
        Column("reason", Text, nullable=False),
    )


feed = Table(
    "feed",
    metadata,
    *_happening(),
    sqlite_autoincrement=True,  # a number is never used again, not even after rows were removed
)
Index("ix_feed_job", feed.c.job_id, feed.c.seq)
Index("ix_feed_batch", feed.c.batch, feed.c.seq, **_only("batch IS NOT NULL"))

arrivals = Table(  # what has happened and has no number in the feed yet; where one connection writes, always empty
    "arrivals",
    metadata,
    *_happening(),
)

projects = Table(
    "projects",
    metadata,
    Column("name", Text, primary_key=True),
    Column("created_at", Double, nullable=False),
)

tokens = Table(
    "tokens",
    metadata,
    Column("id", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("project", Text),  # null: all of them
    Column("scopes", Text, nullable=False),
    Column("sha256", Text, nullable=False),  # of the secret
    Column("created_at", Double, nullable=False),
    Column("per_minute", Integer, nullable=False),
    Column("resend_s", Double, nullable=False),
    Column("revoked_at", Double),
    Column("used_at", Double),
    UniqueConstraint("sha256", name="uq_tokens_sha256"),
)

deeds = Table(
    "deeds",
    metadata,
    Column("seq", _COUNT, primary_key=True, autoincrement=True),
    Column("at", Double, nullable=False),
    Column("token", Text, nullable=False),
    Column("project", Text, nullable=False),
    Column("what", Text, nullable=False),
    Column("subject", Text, nullable=False),
)

hooks = Table(
    "hooks",
    metadata,
    Column("id", Text, primary_key=True),
    Column("created_at", Double, nullable=False),
    Column("body", Text, nullable=False),
)

messages = Table(
    "messages",
    metadata,
    Column("id", Text, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("at", Double, nullable=False),
    Column("project", Text),
    Column("body", Text, nullable=False),
)
Index("ix_messages_at", messages.c.at)

deliveries = Table(
    "deliveries",
    metadata,
    Column("hook", Text, nullable=False),
    Column("message", Text, ForeignKey("messages.id"), nullable=False),
    Column("due_at", Double),  # null: delivered, or parked
    Column("tries", Integer, nullable=False),
    Column("delivered_at", Double),
    Column("parked_at", Double),
    Column("trouble", Text, nullable=False),
    PrimaryKeyConstraint("hook", "message"),
)
Index("ix_deliveries_due", deliveries.c.due_at, **_only("due_at IS NOT NULL"))

notices = Table(
    "notices",
    metadata,
    Column("seq", _COUNT, primary_key=True, autoincrement=True),
    Column("id", Text, nullable=False),
    Column("at", Double, nullable=False),
    Column("due_at", Double, nullable=False),
    Column("tries", Integer, nullable=False),
    Column("delivered_at", Double),
    Column("body", Text, nullable=False),
    UniqueConstraint("id", name="uq_notices_id"),
)
Index("ix_notices_owed", notices.c.due_at, **_only("delivered_at IS NULL"))

ledger = Table(  # double entries: money moved from one purse to another
    "ledger",
    metadata,
    Column("seq", _COUNT, primary_key=True, autoincrement=True),
    Column("id", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("source", Text, nullable=False),
    Column("target", Text, nullable=False),
    Column("nanos", BigInteger),  # billionths; null: nobody knows how much
    Column("currency", Text, nullable=False),
    Column("at", Double, nullable=False),
    Column("since", Double, nullable=False),  # when it was committed: the day it counts for
    Column("holder", Text, nullable=False),
    Column("job_id", Text, nullable=False),
    Column("project", Text, nullable=False),
    Column("account", Text, nullable=False),
    Column("model", Text, nullable=False),
    Column("batch", Text),
    Column("seconds", Text),  # a decimal number
    Column("task_id", Text, nullable=False),
    Column("intent_id", Text, nullable=False),
    Column("why", Text, nullable=False),
    UniqueConstraint("id", name="uq_ledger_id"),
)
Index("ix_ledger_holder", ledger.c.holder)
Index("ix_ledger_job", ledger.c.job_id)
Index("ix_ledger_since", ledger.c.since)

committed = Table(  # running sums of what is not free, by quarter of an hour: what budgets are read from
    "committed",
    metadata,
    Column("scope", Text, nullable=False),  # project, or group
    Column("name", Text, nullable=False),
    Column("currency", Text, nullable=False),
    Column("quarter", Integer, nullable=False),  # since the epoch; 0 for a group
    Column("nanos", BigInteger, nullable=False),
    PrimaryKeyConstraint("scope", "name", "currency", "quarter"),
)
Index("ix_committed_all", committed.c.scope, committed.c.currency, committed.c.quarter)

budgets = Table(
    "budgets",
    metadata,
    Column("id", Text, primary_key=True),
    Column("project", Text, nullable=False),  # * for all together
    Column("period", Text, nullable=False),
    Column("nanos", BigInteger, nullable=False),
    Column("currency", Text, nullable=False),
    Column("zone", Text, nullable=False),
    Column("warn_at", Text, nullable=False),  # a decimal number
)

overruns = Table(  # settlements above their reservations, until somebody has looked
    "overruns",
    metadata,
    Column("id", Text, primary_key=True),
    Column("account", Text, nullable=False),
    Column("model", Text, nullable=False),
    Column("job_id", Text, nullable=False),
    Column("task_id", Text, nullable=False),
    Column("at", Double, nullable=False),
    Column("reserved", BigInteger, nullable=False),
    Column("settled", BigInteger, nullable=False),
    Column("currency", Text, nullable=False),
)

learned = Table(  # what refusals have taught about limits
    "learned",
    metadata,
    Column("account", Text, nullable=False),
    Column("model", Text, nullable=False),
    Column("slots", Integer, nullable=False),
    Column("at", Double, nullable=False),
    Column("probe_s", Double, nullable=False),
    PrimaryKeyConstraint("account", "model"),
)

parks = Table(
    "parks",
    metadata,
    Column("account", Text, nullable=False),
    Column("model", Text, nullable=False),  # * for all of the account's
    Column("kind", Text, nullable=False),
    Column("project", Text, nullable=False),  # only its jobs; "": everybody's
    Column("until", Double, nullable=False),
    Column("since", Double, nullable=False),
    Column("body", Text, nullable=False),
    PrimaryKeyConstraint("account", "model", "kind", "project"),
)

runtimes = Table(
    "runtimes",
    metadata,
    Column("model", Text, nullable=False),
    Column("tier", Text, nullable=False),
    Column("clip_s", Integer, nullable=False),
    Column("body", Text, nullable=False),
    PrimaryKeyConstraint("model", "tier", "clip_s"),
)

facts = Table(
    "facts",
    metadata,
    Column("account", Text, nullable=False),
    Column("body", Text, nullable=False),
    PrimaryKeyConstraint("account"),
)
views = Table(  # what was derived from a job's clip
    "views",
    metadata,
    Column("job_id", Text, ForeignKey("jobs.id"), nullable=False),
    Column("body", Text, nullable=False),
    PrimaryKeyConstraint("job_id"),
)

shares = Table(  # stable links for strangers
    "shares",
    metadata,
    Column("token", Text, nullable=False),
    Column("job_id", Text, ForeignKey("jobs.id"), nullable=False),
    Column("aspect", Text, nullable=False),
    Column("created_at", Double, nullable=False),
    Column("revoked_at", Double),
    PrimaryKeyConstraint("token"),
)
Index("ix_shares_job", shares.c.job_id)

custody = Table(  # what was decided about keeping a job's clip; a job without a row is simply kept
    "custody",
    metadata,
    Column("job_id", Text, ForeignKey("jobs.id"), nullable=False),
    Column("todo_at", Double),  # when it is to be purged or erased; null where nothing is to be done
    Column("gone", Integer, nullable=False),  # 1: the clip is purged or erased
    Column("body", Text, nullable=False),
    PrimaryKeyConstraint("job_id"),
)
Index("ix_custody_todo", custody.c.todo_at, **_only("todo_at IS NOT NULL"))

groups = Table(
    "groups",
    metadata,
    Column("id", Text, primary_key=True),
    Column("project", Text, nullable=False),
    Column("created_at", Double, nullable=False),
    Column("body", Text, nullable=False),
)
Index("ix_groups_newest", groups.c.created_at, groups.c.id)

reviews = Table(  # what was found in a clip, beside its job; a row with due_at is work
    "reviews",
    metadata,
    Column("job_id", Text, ForeignKey("jobs.id"), primary_key=True),
    Column("due_at", Double),
    Column("tries", Integer, nullable=False),
    Column("at", Double),
    Column("score", Double),
    Column("body", Text),
)
Index("ix_reviews_due", reviews.c.due_at, **_only("due_at IS NOT NULL"))

picks = Table(  # a person's word: which clip of a group (or which job) was accepted
    "picks",
    metadata,
    Column("subject", Text, primary_key=True),  # the group's id, or the job's own
    Column("job_id", Text, ForeignKey("jobs.id"), nullable=False),
    Column("project", Text, nullable=False),
    Column("at", Double, nullable=False),
    Column("who", Text, nullable=False),
    Column("note", Text, nullable=False),
)
Index("ix_picks_job", picks.c.job_id)

marks = Table(  # what people said of jobs after they were ordered
    "marks",
    metadata,
    Column("job_id", Text, ForeignKey("jobs.id"), primary_key=True),
    Column("favourite", Integer),  # 1, or null
    Column("tags", Text),  # in the place of those it was ordered with; null: those
    Column("at", Double, nullable=False),
    Column("who", Text, nullable=False),
)
Index("ix_marks_favourite", marks.c.favourite, **_only("favourite IS NOT NULL"))

copies = Table(  # whose spools hold clips, where several machines work the same jobs
    "copies",
    metadata,
    Column("job_id", Text, ForeignKey("jobs.id"), nullable=False),
    Column("holder", Text, nullable=False),  # the name of a spool
    Column("at", Double, nullable=False),
    PrimaryKeyConstraint("job_id", "holder"),
)

archives = Table(  # where clips may lie, and how that is reached, where several machines must know it
    "archives",
    metadata,
    Column("name", Text, nullable=False),
    Column("reach", Text, nullable=False),
    PrimaryKeyConstraint("name"),
)

creates = Table(  # calls of foreign faces under way and of late, by which those sent again are known
    "creates",
    metadata,
    Column("seq", _COUNT, primary_key=True, autoincrement=True),
    Column("id", Text, nullable=False),
    Column("ask", Text, nullable=False),
    Column("began_at", Double, nullable=False),
    Column("job_id", Text),
    Column("ended_at", Double),
    Column("lost", Integer, nullable=False),
    Column("followed", Integer, nullable=False),
    sqlite_autoincrement=True,
)
Index("ux_creates_id", creates.c.id, unique=True)
Index("ix_creates_ask", creates.c.ask, creates.c.seq)
Index("ix_creates_began", creates.c.began_at)
Index("ix_creates_job", creates.c.job_id, **_only("job_id IS NOT NULL"))

leases = Table(
    "leases",
    metadata,
    Column("account", Text, nullable=False),
    Column("owner", Text, nullable=False),
    Column("until", Double, nullable=False),
    PrimaryKeyConstraint("account"),
)

about = Table(  # what is to be known of the database itself
    "about",
    metadata,
    Column("name", Text, nullable=False),
    Column("value", Text, nullable=False),
    PrimaryKeyConstraint("name"),
)
