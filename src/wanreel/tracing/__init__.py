"""Traces by OpenTelemetry: one for each job, from the order to the webhook, with nothing stored for it."""
