"""Reads of servicing by subject; many loans cost as many statements as one."""
