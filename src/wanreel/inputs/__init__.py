"""Pictures and sounds a request refers to: what a reference is, what a file holds, and its copy in the home.

Nothing is handed on here, so that telling a link from a path loads no picture library.
"""
