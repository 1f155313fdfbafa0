# SPDX-License-Identifier: Apache-2.0
# Builds for AArch64 on another machine, against the libraries that Tests/arm64/fetch unpacked:
# `cmake -S cmake -B .build-arm64/c -G Ninja --toolchain aarch64.cmake`. ctest runs the programs in qemu's user mode.
set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_SYSTEM_PROCESSOR aarch64)

set(CSIZER_ARM64 ${CMAKE_CURRENT_LIST_DIR}/../.build-arm64)
get_filename_component(CSIZER_ARM64 ${CSIZER_ARM64} ABSOLUTE)
set(CMAKE_SYSROOT ${CSIZER_ARM64}/base)
set(CSIZER_ARM64_SWIFT /usr/libexec/swift/lib/swift/linux)  # in ${CSIZER_ARM64}/swift, a root of its own
if(NOT EXISTS ${CSIZER_ARM64}/fetched-with-libdw)
  message(FATAL_ERROR "${CSIZER_ARM64} is not there: run ./bootstrap --arm64")
endif()

set(CMAKE_C_COMPILER clang)  # one for all targets, and the only one that knows how Swift calls
set(CMAKE_C_COMPILER_TARGET aarch64-linux-gnu)
add_link_options(-fuse-ld=lld -Wl,--build-id)
find_program(CSIZER_QEMU qemu-aarch64)
set(CMAKE_CROSSCOMPILING_EMULATOR ${CSIZER_QEMU} -L ${CMAKE_SYSROOT})

set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_INCLUDE ONLY)
set(ENV{PKG_CONFIG_LIBDIR} ${CMAKE_SYSROOT}/usr/lib/aarch64-linux-gnu/pkgconfig)
set(ENV{PKG_CONFIG_SYSROOT_DIR} ${CMAKE_SYSROOT})
