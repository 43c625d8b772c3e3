"""The use cases: what library, command line and every later face call. No face has powers the others lack."""
