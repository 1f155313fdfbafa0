// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import SizerExports

extension ExportFormat: ExpressibleByArgument {}
