"""How a plan is made and judged: plain Python on frozen figures, no clock, no database."""
