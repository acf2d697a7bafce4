"""Risk: indicators and their level, events that people answer, emergencies, forecasts."""
