"""How subscribers are told: a journal file and a command of the user's. Every notice has an id to drop doubles by."""
