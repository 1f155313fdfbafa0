// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
package import SizerReports

extension CSVExport.Table: ExpressibleByArgument {}
