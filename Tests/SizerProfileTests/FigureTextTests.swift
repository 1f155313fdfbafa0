// SPDX-License-Identifier: Apache-2.0
import SizerProfile
import Testing

@Suite("Text: figures")
struct FigureTextTests {
  /// The texts are what printf makes of `%4d     B` and `%7.2f KB`.
  @Test(
    "sizes are ten columns wide, in steps of 1024",
    arguments: [
      (0, "   0     B"), (7, "   7     B"), (344, " 344     B"), (1023, "1023     B"), (1024, "1024     B"),
      (1025, "   1.00 KB"), (1030, "   1.01 KB"), (1536, "   1.50 KB"), (4864, "   4.75 KB"), (200_069, " 195.38 KB"),
      (1_048_575, "1024.00 KB"), (1_048_576, "1024.00 KB"), (1_048_577, "   1.00 MB"), (1_488_978, "   1.42 MB"),
      (1_073_741_825, "   1.00 GB"), (5_497_558_138_880, "   5.00 TB"), (3_940_649_673_949_184, "   3.50 PB"),
      (1_441_151_880_758_558_720, "   1.25 EB"), (.max, "   8.00 EB"),
    ])
  func sizes(bytes: Int, text: String) {
    #expect(sizeText(bytes) == text)
  }

  @Test(
    "halves of a hundredth go to the even one, as in printf",
    arguments: [(1152, "   1.12 KB"), (1408, "   1.38 KB"), (2688, "   2.62 KB"), (3968, "   3.88 KB")])
  func halves(bytes: Int, text: String) {
    #expect(sizeText(bytes) == text)
  }

  @Test(
    "sizes below zero keep their sign", arguments: [(-1, "  -1     B"), (-1536, "  -1.50 KB"), (.min, "  -8.00 EB")])
  func negative(bytes: Int, text: String) {
    #expect(sizeText(bytes) == text)
  }

  @Test(
    "times are hours, minutes and seconds, and there is no sixtieth second",
    arguments: [
      (Duration.zero, "00:00:00.00"), (.milliseconds(1236), "00:00:01.23"), (.milliseconds(59_999), "00:00:59.99"),
      (.nanoseconds(3_599_999_999_999), "00:59:59.99"), (.seconds(3600), "01:00:00.00"),
      (.seconds(363_599), "100:59:59.00"), (.milliseconds(-1500), "-00:00:01.50"), (.milliseconds(-10), "-00:00:00.01"),
      (Duration(secondsComponent: .max, attosecondsComponent: 0), "2562047788015215:30:07.00"),
    ])
  func times(time: Duration, text: String) {
    #expect(timeText(time) == text)
  }

  @Test(
    "percents are rounded down and stay from 0 to 100",
    arguments: [
      (0, 10, 0), (1, 3, 33), (2, 3, 66), (29, 100, 29), (999, 1000, 99), (10, 10, 100), (11, 10, 100), (5, 0, 0),
      (-5, 10, 0), (5, -10, 0), (Int.max - 1, .max, 99), (.max, 1, 100),
    ])
  func percents(part: Int, whole: Int, result: Int) {
    #expect(percent(part, of: whole) == result)
  }

  @Test(
    "addresses have eight digits or more",
    arguments: [(0x1F, "0x0000001f"), (0x7F12_3456_7890, "0x7f1234567890"), (UInt64.max, "0xffffffffffffffff")])
  func addresses(address: UInt64, text: String) {
    #expect(addressText(address) == text)
  }
}
