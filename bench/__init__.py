"""Figures this project is held to, printed; never asserted on, these machines are noisy."""
