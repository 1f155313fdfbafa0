// SPDX-License-Identifier: Apache-2.0

/// The module that a type's full name begins with: `App` of `App.Session`, `Swift` of `Swift.Array<App.Session>`; of
/// what an extension declares the extension's. nil where the name has none, as that of a closure.
func moduleName(of typeName: String) -> String? {
  let (head, end) = ("(extension in ", UInt8(ascii: ")"))
  let isExtension = typeName.hasPrefix(head)
  let text = typeName.utf8.dropFirst(isExtension ? head.utf8.count : 0)
  let name = text.prefix { byte in
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "_"),
      UInt8(ascii: "0")...UInt8(ascii: "9"), 0x80...:
      true
    default: false
    }
  }
  guard !name.isEmpty, text.dropFirst(name.count).first == (isExtension ? end : UInt8(ascii: ".")) else { return nil }
  return String(name)
}
