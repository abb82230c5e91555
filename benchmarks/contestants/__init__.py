"""The training steps that are measured: this project's, and other libraries' as their users write
them.
"""
