"""Asks models over OpenAI-compatible endpoints: never needed, never believed blindly."""
