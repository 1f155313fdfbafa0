// SPDX-License-Identifier: Apache-2.0
import NIOCore
import NIOEmbedded
import NIOSSL
import Sizer
import TestSupport
import Testing

/// Of handles of BoringSSL the block that the handle names is known, and that there is more.
@Suite struct TLSTests {
  /// Self-signed, of P-256, for sizer.test; its key was thrown away.
  private static let certificate = """
    -----BEGIN CERTIFICATE-----
    MIIBnTCCAUSgAwIBAgIUCjow4maUzKG0U9+ZFnUUvA+QjGwwCgYIKoZIzj0EAwIw
    FTETMBEGA1UEAwwKc2l6ZXIudGVzdDAgFw0yNjExMjkwMzM2MTNaGA8yMTI2MTEw
    NTAzMzYxM1owFTETMBEGA1UEAwwKc2l6ZXIudGVzdDBZMBMGByqGSM49AgEGCCqG
    SM49AwEHA0IABIZJz1M+buECMcerXKd1XP5vvAnNk+gGBLZPSFL4g99plDeNYreG
    LTW0pWsjiPGqXQ3TVXJsF5sv+T/3nOBpngejcDBuMB0GA1UdDgQWBBQkbfCMkFlu
    tQWJdU2Ysp5IEC2u5TAfBgNVHSMEGDAWgBQkbfCMkFlutQWJdU2Ysp5IEC2u5TAP
    BgNVHRMBAf8EBTADAQH/MBsGA1UdEQQUMBKCCnNpemVyLnRlc3SHBH8AAAEwCgYI
    KoZIzj0EAwIDRwAwRAIgWd8ExCz7VmbdxkSjTj/yOzX6K296yqvY4RKTWr0ztWsC
    IDO3fiBciw0sBgAadQ3/atfxq0dC/5OZjzDVpdPaoKEt
    -----END CERTIFICATE-----
    """

  @Test("a certificate is its block, and more that is said not to be known")
  func certificates() throws {
    try expectForeign(atLeast: 64) { try NIOSSLCertificate(bytes: Array(Self.certificate.utf8), format: .pem) }
  }

  @Test("a public key is its block, and more that is said not to be known")
  func keys() throws {
    try expectForeign(atLeast: 64) {
      try NIOSSLCertificate(bytes: Array(Self.certificate.utf8), format: .pem).extractPublicKey()
    }
  }

  @Test("a context is its block, and more that is said not to be known")
  func contexts() throws {
    try expectForeign(atLeast: 512) { try NIOSSLContext(configuration: .clientDefault) }
  }

  @Test("a connection of a handler is its block, and more that is said not to be known")
  func connections() throws {
    let context = try NIOSSLContext(configuration: .clientDefault)
    try expectForeign(atLeast: 512) {
      let channel = EmbeddedChannel()
      try channel.pipeline.syncOperations.addHandler(NIOSSLClientHandler(context: context, serverHostname: nil))
      return channel
    }
  }
}
