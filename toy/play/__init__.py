"""python -m toy play: the game under your hands, in a browser, while the real trainer runs.

settings     what a game is made of, and the text of it in an address; no TensorFlow
presets      five games that each show one lesson
csv_points   own points from a file
game         the trainer that the settings ask for, and one moment of it in numbers
program      the Python program that makes the same run
gif          moments as an animation
worker       a process that plays one game and takes orders
training     the other end of it: starts, orders and ends one worker
page         what a tab shows, made with NiceGUI
assets/      the page's drawings, in JavaScript
command      the command line
"""
