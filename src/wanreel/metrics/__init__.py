"""Metrics in Prometheus' form: what happens here is counted as it is logged, what stands is read when asked."""
