"""What Alembic runs: the migrations, on the connection and inside the transaction that store/opening has begun."""

from __future__ import annotations

from alembic import context

from wanreel.store.sql.tables import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata, render_as_batch=True)
context.run_migrations()
