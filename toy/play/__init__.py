"""python -m toy play: the game under your hands, in a browser, while the real trainer runs.

Its files:

    settings     all settings of a game, and their form in an address; no TensorFlow
    presets      five games that each show one lesson
    csv_points   points from a file of the user
    game         the trainer for the settings, and its state at one moment in numbers
    program      the Python program that makes the same run
    gif          moments as an animation
    worker       a process that plays one game and takes orders
    training     starts, controls and ends one worker
    page         the content of a tab, made with NiceGUI
    assets/      the page's drawings, in JavaScript
    command      the command line
"""
