"""What every app shares: units of money, the fact bus, actors, fields, admin and API bases."""
