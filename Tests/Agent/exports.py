# SPDX-License-Identifier: Apache-2.0
"""What other programs say of what a live socket exported. Used by live.py."""
import json
import re
import subprocess
import tempfile

OF_IMAGES = ["heapsnapshot", "pprof-retained", "collapsed", "speedscope", "massif", "otlp", "dot"]
COUNTED = ["heapsnapshot", "pprof-retained", "speedscope"]


def numbers(packed):
    value, shift = 0, 0
    for byte in packed:
        value, shift = value | (byte & 127) << shift, shift + 7
        if byte < 128:
            yield value
            value, shift = 0, 0


def fields(message):
    """A message in the wire format of Protocol Buffers: values by field, numbers or bytes."""
    found, rest = {}, iter(message)
    for key in numbers(rest):
        value = next(numbers(rest))
        found.setdefault(key >> 3, []).append(bytes(next(rest) for _ in range(value)) if key & 7 == 2 else value)
    return found


def run_pprof(profile, *arguments):
    with tempfile.NamedTemporaryFile() as file:
        file.write(profile)
        file.flush()
        return subprocess.run(["go", "tool", "pprof", *arguments, file.name], check=True, capture_output=True, text=True).stdout


def pprof(profile, kind):
    """Flat figures by name."""
    output = run_pprof(profile, "-top", "-nodecount=100000", "-nodefraction=0", "-unit=count", f"-sample_index={kind}")
    rows = re.findall(r"^ *(\d+)(?:count)? +\S+%? +\S+% +\d+(?:count)? +\S+% +(.+)$", output, re.M)
    return {name.strip(): int(flat) for flat, name in rows}


def pprof_tags(profile):
    """Objects by label, and by what it says."""
    tags, name = {}, None
    for line in run_pprof(profile, "-tags", "-unit=count", "-sample_index=inuse_objects").splitlines():
        head = re.match(r" *(\S+): Total", line)
        row = re.match(r" *(\d+)(?:\.0)?(?:count)? +\(.*\): (.+)$", line)
        if head:
            name = head[1]
        elif row:
            tags.setdefault(name, {})[row[2]] = int(row[1])
    return tags


def pprof_comments(profile):
    return run_pprof(profile, "-comments")


def objects(form, body):
    """Objects by type, as rows that have "type" and "count"."""
    if form == "pprof-retained":
        return [{"type": name, "count": count} for name, count in pprof(body, "inuse_objects").items()]
    read = json.loads(body)
    if form == "speedscope":
        [found] = [profile for profile in read["profiles"] if profile["name"] == "objects"]
        names = [frame["name"] for frame in read["shared"]["frames"]]
        return [{"type": names[stack[-1]], "count": weight} for stack, weight in zip(found["samples"], found["weights"])]
    columns = read["snapshot"]["meta"]["node_fields"]
    width, place = len(columns), columns.index("name")
    kinds, kind = read["snapshot"]["meta"]["node_types"][0], columns.index("type")
    assert len(read["nodes"]) == width * read["snapshot"]["node_count"] and len(read["edges"]) == 3 * read["snapshot"]["edge_count"]
    rows = [read["nodes"][start:start + width] for start in range(0, len(read["nodes"]), width)]
    return [{"type": read["strings"][row[place]], "count": 1} for row in rows if kinds[row[kind]] != "synthetic"]


def origin(form, body):
    """What the file says of the process that it is of."""
    if form == "heapsnapshot":
        return json.loads(body)["snapshot"]["resource"]["process.pid"]
    if form == "speedscope":
        return json.loads(body)["exporter"]
    if form == "pprof-retained":
        return pprof_comments(body)
    if form == "otlp":
        resource = fields(fields(fields(body)[1][0])[1][0])
        attributes = {one[1][0]: fields(one[2][0]) for one in map(fields, resource[1])}
        return str(attributes[b"process.pid"][3][0])
    return next(line for line in body.decode().splitlines() if "process.pid=" in line)


def collapsed(body):
    """Bytes by type, as rows that have "type" and "bytes"."""
    lines = [line.rsplit(" ", 1) for line in body.decode().splitlines()]
    return [{"type": stack.split(";")[-1], "bytes": int(count)} for stack, count in lines]
