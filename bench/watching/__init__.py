"""How soon the end of a task is noticed, and for how many requests: four ways of watching, in one virtual vendor."""
