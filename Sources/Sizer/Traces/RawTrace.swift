// SPDX-License-Identifier: Apache-2.0
package import SizerProfile

/// The images of the process at one moment, and which of them an address is in. A value: any thread.
struct ImageTable: Sendable {
  /// By address.
  let images: [LoadedImage]
  /// Changes whenever an image comes or goes.
  let generation: UInt64

  /// The images as they are now. Some microseconds under the loader's lock; no file is read.
  static func current() -> ImageTable {
    let (images, generation) = Engine.loadedImages()
    return ImageTable(images: images, generation: generation)
  }

  /// The image that holds `address`. Time: logarithmic.
  func image(at address: UInt) -> LoadedImage? {
    var low = 0
    var high = images.count
    while low < high {
      let middle = low + (high - low) / 2
      if images[middle].addresses.lowerBound <= address { low = middle + 1 } else { high = middle }
    }
    guard low > 0, images[low - 1].addresses.contains(address) else { return nil }
    return images[low - 1]
  }

  /// A frame without names: what can be symbolised later, on any machine that has the image with this build id.
  ///
  /// The offset is the return address's. The call is before it: whoever looks it up takes one off.
  func rawFrame(at address: UInt) -> RawFrame {
    // A call at the very end of an image returns to the first address behind it.
    guard address > 0, let image = image(at: address - 1) else {
      return RawFrame(frame: StackTrace.Frame(address: UInt64(address)), buildID: "")
    }
    let buildID = hexadecimal(image.buildID)
    return RawFrame(
      frame: StackTrace.Frame(
        address: UInt64(address), image: image.path, imageOffset: UInt64(address &- image.bias),
        buildID: buildID.isEmpty ? nil : buildID),
      buildID: buildID)
  }
}

/// A frame before symbolisation.
package struct RawFrame: Sendable, Hashable {
  /// Address, image and offset; no names.
  package var frame: StackTrace.Frame
  /// The image's build id in hexadecimal, as `readelf -n` prints it; empty when it has none.
  package var buildID: String
}

/// One trace of unsymbolised frames for each stack of return addresses, in order. No file is read; any thread.
package func rawTraces(of stacks: [[UInt]]) -> [[RawFrame]] {
  let table = ImageTable.current()
  var known: [UInt: RawFrame] = [:]
  return stacks.map { stack in
    stack.map { address in
      if let frame = known[address] { return frame }
      let frame = table.rawFrame(at: address)
      known[address] = frame
      return frame
    }
  }
}

/// In digits, as `readelf -n` prints a build id.
func hexadecimal(_ bytes: [UInt8]) -> String {
  let digits = Array("0123456789abcdef".utf8)
  return String(decoding: bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
}
