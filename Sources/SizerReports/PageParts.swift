// SPDX-License-Identifier: Apache-2.0

import SizerExports

/// The files of `Page`, which the build puts into the binary: a program with reports in it still is one file.
private enum PageParts {
  static let style = joined([
    PackageResources.base_css, PackageResources.layout_css, PackageResources.tables_css, PackageResources.charts_css,
    PackageResources.heap_css,
    PackageResources.print_css,
  ])

  /// In one function, so that nothing of the page is global. Later files use what earlier ones define.
  static let script =
    Array("(() => {\n'use strict';\n".utf8)
    + joined([
      PackageResources.format_js, PackageResources.dom_js, PackageResources.scales_js, PackageResources.data_js,
      PackageResources.charts_js, PackageResources.timechart_js, PackageResources.flame_js, PackageResources.table_js,
      PackageResources.living_js, PackageResources.overview_js, PackageResources.snapshot_js, PackageResources.class_js,
      PackageResources.instances_js,
      PackageResources.compare_js, PackageResources.heap_js, PackageResources.leaks_js, PackageResources.heaplists_js,
      PackageResources.main_js,
    ]) + Array("})();\n".utf8)

  private static func joined(_ files: [[UInt8]]) -> [UInt8] { Array(files.joined(separator: [UInt8(ascii: "\n")])) }
}

extension Markup {
  /// All before the page's content. The policy admits our style and our script by their hashes and nothing else; of a
  /// page without one, no script.
  mutating func writeHead(title: String, hasScript: Bool = true) {
    raw("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n")
    raw("<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; ")
    if hasScript {
      raw("script-src 'sha256-")
      trusted(Array(SHA256.base64(of: PageParts.script).utf8))
      raw("'; ")
    }
    raw("style-src 'sha256-")
    trusted(Array(SHA256.base64(of: PageParts.style).utf8))
    raw("'; base-uri 'none'; form-action 'none'\">\n")
    raw("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n")
    raw(
      "<meta name=\"color-scheme\" content=\"light dark\">\n<meta name=\"referrer\" content=\"no-referrer\">\n<title>")
    text(title)
    raw("</title>\n<style>")
    trusted(PageParts.style)
    raw("</style>\n</head>\n<body>\n")
  }

  /// The data, the script, and the end.
  mutating func writeScripts(data: [UInt8]) {
    raw("<script type=\"application/json\" id=\"data\">")
    trusted(data)
    raw("</script>\n<script>")
    trusted(PageParts.script)
    raw("</script>\n</body>\n</html>\n")
  }
}
