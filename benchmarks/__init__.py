"""How long a training step takes, beside other libraries' and in turn with them.

    harness     contestants in processes of their own, asked in turn; medians, spread, ratios
    toy_step    one round of a small GAN on one number
    peers/      the same step in other libraries, each in the idiom of its users
"""
