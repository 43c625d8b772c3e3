"""Tools for agents over the Model Context Protocol: the same service, spoken to by programs that plan."""
