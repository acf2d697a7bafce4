"""The one reader of environment variables."""

from environs import Env

env = Env()
