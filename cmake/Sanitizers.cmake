# SPDX-License-Identifier: Apache-2.0
# Turns CSIZER_SANITIZE into options for everything that is compiled and linked from here on.
if(NOT CSIZER_SANITIZE MATCHES "^(|address|undefined|address,undefined)$")
  message(FATAL_ERROR "CSIZER_SANITIZE=${CSIZER_SANITIZE}: say address, undefined or address,undefined")
endif()

if(CSIZER_SANITIZE MATCHES "address" AND CSIZER_JEMALLOC)
  # AddressSanitizer takes malloc's place and so does jemalloc: with both, frees are reported that are none.
  message(STATUS "AddressSanitizer: CSIZER_JEMALLOC is off in this build")
  set(CSIZER_JEMALLOC OFF)
endif()

if(CSIZER_SANITIZE)
  add_compile_options(-fsanitize=${CSIZER_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
  add_link_options(-fsanitize=${CSIZER_SANITIZE})
  # Debian's gold, which the Swift toolchain's clang takes, warns of every symbol of AddressSanitizer's runtime.
  include(CheckLinkerFlag)
  check_linker_flag(C -fuse-ld=lld CSIZER_HAS_LLD)
  if(CSIZER_HAS_LLD)
    add_link_options(-fuse-ld=lld)
  endif()
endif()

if(CSIZER_FUZZ)
  if(NOT CMAKE_C_COMPILER_ID MATCHES "Clang")
    message(FATAL_ERROR "CSIZER_FUZZ needs clang, whose libFuzzer drives the fuzzers")
  endif()
  add_compile_options(-fsanitize=fuzzer-no-link)
endif()
