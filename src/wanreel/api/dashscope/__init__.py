"""DashScope's own shape: clients of the vendor change one line, their base URL, and become durable."""
