"""The imperative shell: does the one I/O a job calls for, tells the core what happened, commits what it says."""
