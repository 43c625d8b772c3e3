"""The contracts between what decides and what touches the outside: small, in the domain's words.

No method mentions HTTP, SQL or a field of the vendor's. Errors named are the only ones that may pass.
"""
