"""The Sandbox page: what goes wrong on purpose, what the practice platforms were asked, how fast.

`outlook` asks the sandbox and tells; everything else shows what it was told.
"""
