"""A click group whose help shows the first sentence of each subcommand in full; click itself would cut it off."""

import click


class HelpGroup(click.Group):
    def sections(self, ctx: click.Context) -> dict[str, list[str]]:
        """Heading → subcommands, in the order of the help text."""
        return {"Commands": self.list_commands(ctx)}

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        for heading, names in self.sections(ctx).items():
            commands = [(name, self.get_command(ctx, name)) for name in names]
            with formatter.section(heading):
                formatter.write_dl([(name, first_sentence(found)) for name, found in commands if found and not found.hidden])


def first_sentence(command: click.Command) -> str:
    paragraph = " ".join((command.help or "").split("\n\n")[0].split())
    sentence, period, _ = paragraph.partition(". ")
    return sentence + "." if period else paragraph
