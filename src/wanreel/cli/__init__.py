"""The command line: parse, call the service, print. Nothing heavy is imported before a command runs."""
