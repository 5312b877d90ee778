"""What years of stress do to delays and energies, from the table's aged groups."""
