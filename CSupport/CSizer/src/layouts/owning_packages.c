// SPDX-License-Identifier: Apache-2.0
#include "layouts/owning_internal.h"

// Packages that servers are made of. The comment of a group names the version and the files that say who owns what.
//
// Handles of C libraries are CSIZER_OWNS_FOREIGN: the block that the handle names is counted, what hangs below is said
// to be unknown.

/// BoringSSL keeps a block's size in front of it. crypto/mem.cc, OPENSSL_MALLOC_PREFIX
enum { BORING_PREFIX = 8 };

#define BORING(type_name, field_name) \
  {.type = type_name, .field = field_name, .rule = CSIZER_OWNS_FOREIGN, .before = BORING_PREFIX}
#define FOREIGN(type_name, field_name) {.type = type_name, .field = field_name, .rule = CSIZER_OWNS_FOREIGN}
#define BORROWED(type_name, field_name) {.type = type_name, .field = field_name, .rule = CSIZER_BORROWS}

const csizer_owning_field csizer_owning_packages[] = {
    // swift-collections 1.6, BasicContainers and DequeModule.
    {.type = "BasicContainers.RigidArray", .field = "_storage", .rule = CSIZER_OWNS_VALUES, .count = "_count"},
    {.type = "DequeModule._UnsafeDequeHandle", .field = "_buffer", .rule = CSIZER_OWNS_VALUES, .count = "count",
     .first = "startSlot"},

    // swift-atomics 1.3: AtomicReference.swift (a double word, the reference first), ManagedAtomicLazyReference.swift,
    // UnsafeAtomic.swift, UnsafeAtomicLazyReference.swift. What `create` made is a block of its own; `init(at:)` may be
    // given the inside of something else, so the allocator's word is asked for.
    {.type = "Atomics._AtomicReferenceStorage", .field = "_storage", .rule = CSIZER_OWNS_OBJECT},
    {.type = "Atomics.ManagedAtomicLazyReference", .field = "_storage", .rule = CSIZER_OWNS_OBJECT},
    {.type = "Atomics.UnsafeAtomic", .field = "_ptr", .rule = CSIZER_OWNS_VALUES, .argument = CSIZER_POINTEE,
     .ask_allocator = true},
    {.type = "Atomics.UnsafeAtomicLazyReference", .field = "_ptr", .rule = CSIZER_OWNS_VALUES, .argument = 0,
     .ask_allocator = true},
    {.type = "Atomics.UnsafeAtomicLazyReference.Storage", .field = "_storage", .rule = CSIZER_OWNS_OBJECT},

    // swift-nio 2.101: ByteBuffer-core.swift; HTTPDecoder.swift (the view is set while bytes are parsed);
    // atomics.swift; ControlMessage.swift, DatagramVectorReadManager.swift, SelectorGeneric.swift.
    {.type = "NIOCore.ByteBuffer._Storage", .field = "bytes"},
    {.type = "NIOHTTP1.BetterHTTPParser", .field = "settings"},
    BORROWED("NIOHTTP1.BetterHTTPParser", "rawBytesView"),
    {.type = "NIOConcurrencyHelpers.UnsafeEmbeddedAtomic", .field = "value"},
    {.type = "NIOPosix.UnsafeControlMessageStorage", .field = "buffer", .lender = "deallocateBuffer", .lent_bits = 1,
     .lent_if_clear = true},
    {.type = "NIOPosix.DatagramVectorReadManager", .field = "messageVector"},
    {.type = "NIOPosix.DatagramVectorReadManager", .field = "ioVector"},
    {.type = "NIOPosix.DatagramVectorReadManager", .field = "sockaddrVector"},
    {.type = "NIOPosix.Selector", .field = "events"},

    // swift-nio-extras 1.35: HTTPCompression.swift, HTTPDecompression.swift. zlib's state hangs below the stream.
    FOREIGN("NIOHTTPCompression.NIOCompression.Compressor", "stream"),
    FOREIGN("NIOHTTPCompression.NIOHTTPDecompression.Decompressor", "stream"),

    // swift-nio-ssl 2.37: SSLContext.swift, SSLConnection.swift, ByteBufferBIO.swift, SSLCertificate.swift,
    // SSLPublicKey.swift, SSLPrivateKey.swift, SSLCertificateExtensions.swift, ObjectIdentifier.swift,
    // SubjectAlternativeName.swift.
    BORING("NIOSSL.NIOSSLContext", "sslContext"),
    BORING("NIOSSL.SSLConnection", "ssl"),
    BORING("NIOSSL.ByteBufferBIO", "bioPtr"),
    BORING("NIOSSL.NIOSSLCertificate", "_ref"),
    BORING("NIOSSL.NIOSSLPublicKey", "ref"),
    BORING("NIOSSL.NIOSSLPrivateKey.Representation", "native"),
    BORING("NIOSSL.NIOSSLObjectIdentifier.Storage.Deallocator", "reference"),
    BORING("NIOSSL.NIOSSLCertificate._Extensions.Storage.Deallocator", "reference"),
    BORING("NIOSSL._SubjectAlternativeNames.Storage", "nameStack"),
    FOREIGN("NIOSSL.DirectoryContents", "dir"),
    BORROWED("NIOSSL.SSLConnection.PeerCertificateChainBuffers", "basePointer"),
    BORROWED("NIOSSL.NIOSSLContext.NIOTLSCipherBuffers", "basePointer"),

    // swift-crypto 4.5: NISTCurvesKeys_boring.swift, ECDSASignature_boring.swift, SecureBytes.swift, RSA_boring.swift,
    // CMAC.swift, DigestType.swift (static tables); CryptoBoringWrapper's EllipticCurve.swift,
    // EllipticCurvePoint.swift, FiniteFieldArithmeticContext.swift.
    BORING("Crypto.BoringSSLECPrivateKeyWrapper", "key"),
    BORING("Crypto.BoringSSLECPublicKeyWrapper", "key"),
    BORING("Crypto.ECDSASignature", "_baseSig"),
    {.type = "Crypto.SecureBytes.Backing", .field = "storage"},
    BORING("CryptoExtras.BoringSSLRSAPublicKey.Backing", "pointer"),
    BORING("CryptoExtras.BoringSSLRSAPrivateKey.Backing", "pointer"),
    BORING("CryptoExtras.AES.CMAC.Backing", "context"),
    BORROWED("CryptoExtras.DigestType", "dispatchTable"),
    BORING("CryptoBoringWrapper.BoringSSLEllipticCurveGroup", "_group"),
    BORING("CryptoBoringWrapper.EllipticCurvePoint.Backing", "_basePoint"),
    BORING("CryptoBoringWrapper.FiniteFieldArithmeticContext", "bnCtx"),

    // GRDB 7.10: Database.swift, Statement.swift, WALSnapshot.swift, FTS5Tokenizer.swift. Rows lend the statement of
    // their cursor.
    FOREIGN("GRDB.Database", "sqliteConnection"),
    FOREIGN("GRDB.Statement", "sqliteStatement"),
    FOREIGN("GRDB.WALSnapshot", "sqliteSnapshot"),
    FOREIGN("GRDB.Database.FTS5RegisteredTokenizer", "tokenizerPointer"),
    BORROWED("GRDB.Row", "sqliteStatement"),
    BORROWED("GRDB.StatementRowImpl", "sqliteStatement"),
    BORROWED("GRDB.SQLiteStatementRowImpl", "sqliteStatement"),
    BORROWED("GRDB.MetalDatabaseEventImpl", "databaseNameCString"),
    BORROWED("GRDB.MetalDatabaseEventImpl", "tableNameCString"),
    BORROWED("GRDB.MetalDatabasePreUpdateEventImpl", "connection"),
    BORROWED("GRDB.MetalDatabasePreUpdateEventImpl", "databaseNameCString"),
    BORROWED("GRDB.MetalDatabasePreUpdateEventImpl", "tableNameCString"),

    // swift-syntax 603: BumpPtrAllocator.swift, RawSyntaxArena.swift, Syntax.swift, ArenaAllocatedBuffer.swift. All of
    // a tree lies in its arenas' slabs; arenas retain those that they refer to, all else leads into slabs.
    {.type = "SwiftSyntax.BumpPtrAllocator", .field = "slabs", .rule = CSIZER_OWNS_EACH_BLOCK},
    {.type = "SwiftSyntax.BumpPtrAllocator", .field = "customSizeSlabs", .rule = CSIZER_OWNS_EACH_BLOCK},
    BORROWED("SwiftSyntax.BumpPtrAllocator", "current"),
    {.type = "SwiftSyntax.RawSyntaxArena", .field = "childRefs", .rule = CSIZER_OWNS_EACH_OBJECT},
    {.type = "SwiftSyntax.RawSyntaxArena", .field = "_hasParent"},
    BORROWED("SwiftSyntax.RawSyntaxArenaRef", "_value"),
    BORROWED("SwiftSyntax.ParsingRawSyntaxArena", "sourceBuffer"),
    {.type = "SwiftSyntax.SyntaxDataArena", .field = "_mutex"},
    BORROWED("SwiftSyntax.ArenaAllocatedPointer", "pointer"),
    BORROWED("SwiftSyntax.ArenaAllocatedBufferPointer", "buffer"),
    BORROWED("SwiftSyntax.SyntaxText", "buffer"),

    // TOMLKit 0.6: TOMLTable.swift, TOMLArray.swift, TOMLValue.swift. Nodes of a C++ tree.
    FOREIGN("TOMLKit.TOMLTable", "tablePointer"),
    FOREIGN("TOMLKit.TOMLArray", "arrayPointer"),
    FOREIGN("TOMLKit.TOMLValue", "tomlValuePointer"),
};

const size_t csizer_owning_packages_count = sizeof csizer_owning_packages / sizeof *csizer_owning_packages;
