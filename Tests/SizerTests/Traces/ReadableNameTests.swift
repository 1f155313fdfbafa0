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

  /// As the parts of an async function are called in its object file (`nm`): each is the function for a reader.
  @Test(
    "parts in which a function goes on are called as the function",
    arguments: [
      ("$s7Program3napyyYaFTQ1_", "nap()"), ("$s7Program3napyyYaFTY0_", "nap()"), ("$s7Program3napyyYaFTu", "nap()"),
      ("$s7Program3endyySSYaFyyYacfU0_TATQ0_", "partial apply for closure #2 in end(_:)"),
      ("async_Main", "async main"), ("async_MainTu", "async main"), ("async_MainTY3_", "async main"),
      ("async_MainTQ12_", "async main"), ("async_MainThing", "async_MainThing"), ("async_MainTQx_", "async_MainTQx_"),
      ("$sIeg_IegH_TR", "reabstraction thunk"),
    ])
  func parts(symbol: String, name: String) {
    #expect(readableName(symbol) == name)
  }

  /// As `swift demangle` has them, without types.
  @Test(
    "variables have their modules",
    arguments: [
      ("$s4Demo5storeAA5StoreCvp", "Demo.store"),
      ("$s4Demo5StoreC6sharedACvpZ", "Demo.Store.shared"),
      ("$s4Demo5store33_3F2A0B1C2D3E4F5061728394A5B6C7D8LLAA5StoreCvp", "Demo.store"),
      ("environ", "environ"),
    ])
  func variables(symbol: String, name: String) {
    #expect(variableName(symbol) == name)
  }
}
