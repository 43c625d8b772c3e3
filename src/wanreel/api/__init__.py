"""The HTTP faces over one service: parse, call, answer. What is asked about is decided a floor below."""
