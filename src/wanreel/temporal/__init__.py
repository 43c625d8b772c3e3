"""Temporal as the engine of several machines: one workflow a job, which says where and when the job takes its turn."""
