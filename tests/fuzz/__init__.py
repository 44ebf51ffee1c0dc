"""Foreign text, damaged and made up: whatever reads it raises our own errors, and soon.

The suite tries a few hundred of each; `make fuzz` goes on for as long as one likes.
"""
