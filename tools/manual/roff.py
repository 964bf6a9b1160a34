# SPDX-License-Identifier: MIT
"""A manual page, put together piece by piece: man(7) as text."""


def escape(text):
    """So that every character comes out as it stands, and can be copied to a shell."""
    out = text.replace("\\", "\\e")
    for plain, name in (("-", "\\-"), ("'", "\\(aq"), ("`", "\\(ga"), ("^", "\\(ha"), ("~", "\\(ti")):
        out = out.replace(plain, name)
    return "\n".join("\\&" + line if line.startswith(".") else line for line in out.split("\n"))


class Page:
    def __init__(self, name, section, summary, version):
        self.lines = ['.\\" Made by tools/manual/pages; edit what it reads.',
                      f'.TH {escape(name.upper())} {section} "" "convey {version}" "convey"',
                      ".nh", ".ad l", ".SH NAME", f"{escape(name)} \\- {escape(summary)}"]

    def section(self, title):
        self.lines.append(f'.SH "{escape(title.upper())}"')

    def subsection(self, title):
        self.lines.append(f'.SS "{escape(title)}"')

    def text(self, *paragraphs):
        for paragraph in paragraphs:
            self.lines += [".PP", escape(paragraph)]

    def bold(self, text):
        self.lines += [".PP", f"\\fB{escape(text)}\\fR"]

    def verbatim(self, text):
        self.lines += [".PP", ".RS 4", ".nf", escape(text.rstrip("\n")), ".fi", ".RE"]

    def item(self, term, text, mark="B"):
        self.lines += [".TP", f"\\f{mark}{escape(term)}\\fR", escape(text)]

    def option(self, name, arg, text):
        value = f" \\fI{escape(arg)}\\fR" if arg else ""
        self.lines += [".TP", f"\\fB{escape('--' + name)}\\fR{value}", escape(text)]

    def __str__(self):
        return "\n".join(self.lines) + "\n"
