"""The top of the stack: dashboard, health, the admin's shell, exports for checking."""
