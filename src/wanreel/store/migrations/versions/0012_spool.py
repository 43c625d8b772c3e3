"""What the clips under way may yet ask of the spool."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"

UNDER_WAY = ("submitting", "unconfirmed", "generating", "archiving")
GUESS_BYTES = 20_000_000  # for what was under way before anybody counted; the job's next change says it exactly


def upgrade() -> None:
    """Forward only: an older wanreel refuses a newer database."""
    op.add_column("jobs", sa.Column("stake_bytes", sa.BigInteger()))
    at_stake = "stake_bytes IS NOT NULL"
    op.create_index(
        "ix_jobs_stake",
        "jobs",
        ["stake_bytes"],
        sqlite_where=sa.text(at_stake),
        postgresql_where=sa.text(at_stake),
    )
    jobs = sa.table("jobs", sa.column("state"), sa.column("stake_bytes"))
    op.execute(sa.update(jobs).where(jobs.c.state.in_(UNDER_WAY)).values(stake_bytes=GUESS_BYTES))
