"""How sure a total is: what is uncertain, carried through the whole cost model."""
