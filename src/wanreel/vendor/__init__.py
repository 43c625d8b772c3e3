"""The vendor's API: pure translation (body, answers, errors), the wire (client, upload, download) and its limits."""
