# SPDX-License-Identifier: Apache-2.0
"""What a terminal would show of what a program sends: as much of ECMA-48 as `sizer top` may use, and a complaint about all else."""
import re
import unicodedata

SEQUENCE = re.compile(r"\x1b\[([?0-9;]*)([A-Za-z])")


def width(character):
    if unicodedata.combining(character):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


class Screen:
    def __init__(self, columns, rows):
        self.columns, self.rows = columns, rows
        self.widest = columns
        self.modes = {"25": True, "7": True, "1049": False}
        self.row = self.column = 0
        self.complaints = []
        self.received = 0
        self.colours = False
        self.rest = b""
        self.cells = {}

    def resize(self, columns, rows):
        # What is on its way was written for the size before; then the program clears the screen.
        self.widest = max(self.columns, columns)
        self.columns, self.rows = columns, rows

    def line(self, row):
        return "".join(self.cells.get((row, column), " ") for column in range(self.columns)).rstrip()

    def lines(self):
        return [self.line(row) for row in range(self.rows)]

    def text(self):
        return "\n".join(self.lines())

    def feed(self, data):
        self.received += len(data)
        data = self.rest + data
        # A character or a sequence may come in two pieces.
        for cut in range(4):
            try:
                text = data[: len(data) - cut].decode()
                break
            except UnicodeDecodeError:
                continue
        else:
            self.complaints.append(f"no UTF-8: {data!r}")
            cut, text = 0, data.decode(errors="replace")
        tail = data[len(data) - cut:] if cut else b""
        unfinished = re.search(r"\x1b(\[[?0-9;]*)?$", text)
        if unfinished:
            tail = text[unfinished.start():].encode() + tail
            text = text[: unfinished.start()]
        self.rest = tail
        place = 0
        while place < len(text):
            match = SEQUENCE.match(text, place)
            if match:
                self.obey(*match.groups())
                place = match.end()
            else:
                self.put(text[place])
                place += 1

    def obey(self, parameters, end):
        if end in "hl" and parameters[:1] == "?" and parameters[1:] in self.modes:
            self.modes[parameters[1:]] = end == "h"
            if parameters == "?1049":
                self.cells = {}
        elif end == "H":
            row, column = (int(number) for number in parameters.split(";"))
            self.row, self.column = min(row, self.rows) - 1, min(column, self.columns) - 1
        elif end == "J" and parameters == "2":
            self.cells = {}
            self.widest = self.columns
        elif end == "K" and parameters == "2":
            self.cells = {place: cell for place, cell in self.cells.items() if place[0] != self.row}
        elif end == "m":
            self.colours = self.colours or parameters not in ("", "0", "1")
        else:
            self.complaints.append(f"unknown sequence {parameters}{end}")

    def put(self, character):
        if character == "\r":
            self.column = 0
        elif character == "\n":
            self.row = min(self.row + 1, self.rows - 1)
        elif character < " " or character == "\x7f":
            self.complaints.append(f"control character {character!r}")
        else:
            step = width(character)
            if self.modes["1049"] and self.column + step > self.widest:
                self.complaints.append(f"line {self.row} is too long: {self.line(self.row)}")
            self.cells[self.row, self.column] = character
            for column in range(self.column + 1, self.column + step):
                self.cells[self.row, column] = ""
            self.column += step
