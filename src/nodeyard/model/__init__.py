"""The nouns: frozen values, status tables, limits and health codes.

Standard library only, no input or output, no clock. Everybody may import this
package; it imports nobody.
"""
