"""Everything that starts things: real services, the demo, the tests and the checkers.

Nothing here is imported by Django. The package turns an empty folder into a running product
(`./dev demo`) and gives the tests a PostgreSQL and a Redis of their own.
"""
