# SPDX-License-Identifier: Apache-2.0
"""Reads OpenTelemetry's profiles by the messages that its authors publish."""

from opentelemetry.proto.profiles.v1development import profiles_pb2

from results import equal


class Profiles:
  """A ProfilesData with one resource."""

  def __init__(self, path):
    data = profiles_pb2.ProfilesData.FromString(path.read_bytes())
    data.DiscardUnknownFields()
    equal(f"{path.name}: all fields are known", len(data.SerializeToString()), path.stat().st_size)
    self.tables = data.dictionary
    [resource] = data.resource_profiles
    self.attributes = {one.key: self.value(one.value) for one in resource.resource.attributes}
    [scope] = resource.scope_profiles
    self.scope = scope.scope.name
    self.profiles = {}
    for profile in scope.profiles:
      self.profiles[self.text(profile.sample_type.type_strindex)] = profile
    equal(f"{path.name}: each profile has an id of its own", {len(one.profile_id) for one in scope.profiles}, {16})
    equal(f"{path.name}: ids differ", len({one.profile_id for one in scope.profiles}), len(scope.profiles))
    for table in ("mapping", "location", "function", "link", "attribute", "stack"):
      rows = getattr(self.tables, f"{table}_table")
      equal(f"{path.name}: {table}_table begins with none", rows[0], type(rows[0])())
    equal(f"{path.name}: string_table begins with none", self.tables.string_table[0], "")

  def text(self, number):
    return self.tables.string_table[number]

  @staticmethod
  def value(value):
    return getattr(value, value.WhichOneof("value"))

  def sums(self, kind):
    """Values by class and by the calls with what was inlined, innermost first, as (function, file, line)."""
    sums = {}
    for sample in self.profiles[kind].samples:
      labels = {self.text(one.key_strindex): self.value(one.value)
        for one in (self.tables.attribute_table[number] for number in sample.attribute_indices)}
      name = labels["class"]
      # Types here are called Module.Name; closures are not, and generic arguments have dots, too.
      module = {} if name.startswith("closure") else {"module": name.split(".")[0]}
      equal(f"{kind}: a sample's attributes", labels, {"class": name, **module})
      lines = []
      for number in self.tables.stack_table[sample.stack_index].location_indices:
        for line in self.tables.location_table[number].lines:
          function = self.tables.function_table[line.function_index]
          lines.append((self.text(function.name_strindex), self.text(function.filename_strindex), line.line))
      [value] = sample.values
      sums[(name, *lines)] = value
    return sums


def check(folder, expected):
  births = Profiles(folder / "births.otlp")
  equal("otlp: what the resource is", births.attributes, {
    "service.name": "shop", "k8s.pod.name": "shop-7", "process.pid": 42, "process.start_unix_nano": "1700000000000000000"})
  equal("otlp: who wrote it", births.scope, "sizer")
  session = ("Shop.Session", ("Server.open(_:)", "/srv/shop/Server.swift", 88), ("main", "/srv/shop/main.swift", 3))
  page = ("Shop.Page", ("Page.load(_:)", "/srv/shop/Page.swift", 7), ("Cache.fill()", "/srv/shop/Cache.swift", 21),
    ("main", "/srv/shop/main.swift", 3))
  # BirthSample.history: 25 of 40 sessions are dead; 5 pages came and went between two snapshots, 100 live.
  for kind, unit, figures in [
    ("inuse_objects", "count", (15, 100)), ("inuse_space", "bytes", (15 * 1_200, 100 * 512)),
    ("alloc_objects", "count", (40, 105)), ("alloc_space", "bytes", (25 * 1_000 + 15 * 1_200, 100 * 512)),
  ]:
    equal(f"otlp: {kind}", births.sums(kind), dict(zip((session, page), figures)))
    profile = births.profiles[kind]
    equal(f"otlp: unit of {kind}", births.text(profile.sample_type.unit_strindex), unit)
    equal(f"otlp: time of {kind}", profile.time_unix_nano, 1_700_000_060_000_000_000)
  [_, server] = births.tables.mapping_table
  [build] = [births.tables.attribute_table[number] for number in server.attribute_indices]
  equal("otlp: the program", births.text(server.filename_strindex), "/srv/shop/server")
  equal("otlp: its build", (births.text(build.key_strindex), build.value.string_value),
    ("process.executable.build_id.gnu", "c0ffee"))
  image = Profiles(folder / "after.otlp")
  equal("otlp: profiles of an image", sorted(image.profiles), ["retained_objects", "retained_space"])
  equal("otlp: the image's process", image.attributes, {"process.pid": 42})
  for kind, whole, column in [("retained_objects", "objects", 0), ("retained_space", "bytes", 1)]:
    sums = image.sums(kind)
    equal(f"otlp: all {whole} of an image", sum(sums.values()), expected[whole])
    notes = sum(value for key, value in sums.items() if key[0] == "Shop.Note")
    equal(f"otlp: {whole} of notes", notes, expected["types"]["Shop.Note"][column])
  both = Profiles(folder / "heap.otlp")
  equal("otlp: profiles of a profile without deaths and with an image", sorted(both.profiles),
    ["inuse_objects", "inuse_space", "retained_objects", "retained_space"])
