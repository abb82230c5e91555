"""Several commands of dcgan in one process: python several_commands.py COMMAND ... -- COMMAND ...

Each runs as `python -m dcgan COMMAND ...` does, from the process's own bytes. TensorFlow is imported
once.
"""

import runpy
import sys


def main(arguments):
    commands = [[]]
    for argument in arguments:
        if argument == "--":
            commands.append([])
        else:
            commands[-1].append(argument)
    for command in commands:
        sys.argv[1:] = command
        runpy.run_module("dcgan", run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main(sys.argv[1:])
