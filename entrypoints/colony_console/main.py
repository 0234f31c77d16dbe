"""What the installed script calls: the menu, or a sentence that says how to get it."""

import importlib
import sys


def main() -> None:
    """Run the command line, and leave the process with its exit code."""
    try:
        menu = importlib.import_module("colony_console.menu")
    except ModuleNotFoundError as missing:
        sys.exit(f"Error: the colony command needs the module '{missing.name}': pip install 'colony-core[console]'")
    menu.cli(prog_name="colony")
