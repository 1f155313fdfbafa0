// SPDX-License-Identifier: Apache-2.0
import Sizer
import Testing

@Suite("Readable names")
struct ReadableNameTests {
  /// Symbols of all kinds that stand in stacks, as the compiler writes them, and what `swift demangle --simplified`
  /// says.
  @Test(
    "names are those of Swift's own short form",
    arguments: [
      ("$s4Demo8EmployeeC4nameACSS_tcfc", "Employee.init(name:)"),
      ("$s4Demo8EmployeeC4nameACSS_tcfC", "Employee.__allocating_init(name:)"),
      ("$s4Demo8EmployeeCfD", "Employee.__deallocating_deinit"),
      ("$s4Demo8EmployeeC4nameSSvg", "Employee.name.getter"),
      ("$s4Demo8populateyyAA7FactoryCF", "populate(_:)"),
      ("$s4Demo4make33_3F2A0B1C2D3E4F5061728394A5B6C7D8LLyXlyF", "make()"),
      ("$s4Demo8populateyyAA7FactoryCFySiXEfU_", "closure #1 in populate(_:)"),
      ("$s4Demo3FooV4makeACyFZ", "static Foo.make()"),
      ("$s4Demo3FooV2eeoiySbAC_ACtFZ", "static Foo.== infix(_:_:)"),
      ("$sSa4DemoE5chunkySaySayxGGSiF", "Array.chunk(_:)"),
      ("$s4Demo3mapyq_x_q_xXEtr0_lF", "map<A, B>(_:_:)"),
      ("$s4Demo3mapyq_x_q_xXEtr0_lFSi_SSTg5", "specialized map<A, B>(_:_:)"),
    ])
  func short(symbol: String, name: String) {
    #expect(readableName(symbol) == name)
  }
}
