"""`colony completion`: what a shell needs to complete commands and flags."""

import click
from click.shell_completion import get_completion_class


@click.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def completion(ctx: click.Context, *, shell: str) -> None:
    """Print the completion script of a shell.

    \b
    bash:  colony completion bash > ~/.local/share/bash-completion/completions/colony
    zsh:   colony completion zsh > a file named _colony in a folder of $fpath
    fish:  colony completion fish > ~/.config/fish/completions/colony.fish
    """
    script = get_completion_class(shell)
    if script is not None:
        click.echo(script(ctx.find_root().command, {}, "colony", "_COLONY_COMPLETE").source())
