// SPDX-License-Identifier: Apache-2.0

// The server with the leak, as a program that knows nothing of Sizer: it answers its arguments, and then what it reads,
// line by line; with the argument "stay" it goes on until it is ended. Run it under `sizer run` and log somebody in and
// out.

import Glibc
import SessionServer

let server = Server(hasLeak: true)
for request in CommandLine.arguments.dropFirst() where request != "stay" { print(server.answer(request)) }
while let request = readLine() { print(server.answer(request)) }
while CommandLine.arguments.contains("stay") { pause() }
