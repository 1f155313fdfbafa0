// SPDX-License-Identifier: Apache-2.0

/// What objects are mostly made of.
extension JSONWriter {
  /// Members that are text, in this order.
  package mutating func texts(_ members: KeyValuePairs<StaticString, String>) {
    for (name, text) in members {
      key(name)
      string(text)
    }
  }

  /// Members that are numbers, in this order.
  package mutating func figures(_ members: KeyValuePairs<StaticString, Int>) {
    for (name, figure) in members {
      key(name)
      integer(figure)
    }
  }

  /// A member that is true or false.
  package mutating func flag(_ name: StaticString, _ value: Bool) {
    key(name)
    boolean(value)
  }

  /// A member that is a number of seconds, of so many milliseconds.
  package mutating func seconds(_ name: StaticString, _ milliseconds: Int) {
    key(name)
    thousandths(milliseconds)
  }

  /// A member that is an object, whose members `body` writes.
  package mutating func object(_ name: StaticString, _ body: (inout JSONWriter) -> Void) {
    key(name)
    beginObject()
    body(&self)
    endObject()
  }

  /// A member that is a list of texts.
  package mutating func list(_ name: StaticString, _ texts: some Sequence<String>) {
    key(name)
    beginArray()
    for text in texts { string(text) }
    endArray()
  }

  /// A member that is a list of objects, one for each of `rows`, whose members `body` writes.
  package mutating func objects<Rows: Sequence>(
    _ name: StaticString, _ rows: Rows, _ body: (inout JSONWriter, Rows.Element) -> Void
  ) {
    key(name)
    beginArray()
    for row in rows {
      beginObject()
      body(&self, row)
      endObject()
    }
    endArray()
  }
}
