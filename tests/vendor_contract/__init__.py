"""The vendor's API as data written by hand from the fact sheet: what both the client and the emulator are held to."""

from tests.vendor_contract.load import Choice, Item, Shape, groups, item, items, shapes

__all__ = ["Choice", "Item", "Shape", "groups", "item", "items", "shapes"]
