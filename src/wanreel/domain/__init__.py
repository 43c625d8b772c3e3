"""What a job is and what may happen to it: plain values and decisions, no I/O of any kind."""
