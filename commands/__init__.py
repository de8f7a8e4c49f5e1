"""The commands of `zhudai`, one file per group: each reads its arguments, makes one call below, and prints."""
