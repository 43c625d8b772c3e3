"""A local stand-in for the vendor's video API: desk (logic), app (HTTP), server (run it), clips (pictures)."""
