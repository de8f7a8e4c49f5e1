"""The asset adapter (资产适配器): signed messages of partner channels in, stored answers out.

Checks signature before it believes anything, takes each business number once, maps partner fields to the application
form. It owns no credit rule. Read `envelope`, `signature`, `mapping`, `routing`.
"""
