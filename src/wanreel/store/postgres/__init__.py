"""Jobs in PostgreSQL, for several processes on several machines. Imported only where a database URL is set."""
