"""The training steps that are measured: this project's, and those of other libraries in their users' idiom."""
