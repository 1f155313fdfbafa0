# SPDX-License-Identifier: Apache-2.0
# Turns CSIZER_SANITIZE into options for everything that is compiled and linked from here on.
if(NOT CSIZER_SANITIZE MATCHES "^(|address|undefined|address,undefined|thread)$")
  message(FATAL_ERROR "CSIZER_SANITIZE=${CSIZER_SANITIZE}: say address, undefined, address,undefined or thread")
endif()

if(CSIZER_SANITIZE MATCHES "address|thread" AND CSIZER_JEMALLOC)
  # Both sanitizers take malloc's place and so does jemalloc: together, frees are reported that are none, or nothing starts.
  message(STATUS "${CSIZER_SANITIZE} sanitizer: CSIZER_JEMALLOC is off in this build")
  set(CSIZER_JEMALLOC OFF)
endif()

if(CSIZER_SANITIZE)
  add_compile_options(-fsanitize=${CSIZER_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
  add_link_options(-fsanitize=${CSIZER_SANITIZE})
  if(CSIZER_SANITIZE MATCHES undefined AND CMAKE_C_COMPILER_ID MATCHES Clang)
    # It reads what stands before a function, and before code that is made while the program runs stands nothing.
    add_compile_options(-fno-sanitize=function)
  endif()
  # Debian's gold, which the Swift toolchain's clang takes, warns of every symbol of AddressSanitizer's runtime.
  include(CheckLinkerFlag)
  check_linker_flag(C -fuse-ld=lld CSIZER_HAS_LLD)
  if(CSIZER_HAS_LLD)
    add_link_options(-fuse-ld=lld)
  endif()
endif()

# ThreadSanitizer's runtime in Swift's toolchain watches libdispatch and is not linked without it.
if(CSIZER_SANITIZE MATCHES "thread")
  get_filename_component(CSIZER_TOOLCHAIN ${CMAKE_C_COMPILER} REALPATH)
  get_filename_component(CSIZER_TOOLCHAIN ${CSIZER_TOOLCHAIN} DIRECTORY)
  find_library(CSIZER_DISPATCH dispatch PATHS ${CSIZER_TOOLCHAIN}/../lib/swift/linux NO_DEFAULT_PATH)
  find_library(CSIZER_BLOCKS BlocksRuntime PATHS ${CSIZER_TOOLCHAIN}/../lib/swift/linux NO_DEFAULT_PATH)
  if(CSIZER_DISPATCH AND CSIZER_BLOCKS)
    link_libraries(${CSIZER_DISPATCH} ${CSIZER_BLOCKS})
  endif()
endif()

if(CSIZER_FUZZ)
  if(NOT CMAKE_C_COMPILER_ID MATCHES "Clang")
    message(FATAL_ERROR "CSIZER_FUZZ needs clang, whose libFuzzer drives the fuzzers")
  endif()
  add_compile_options(-fsanitize=fuzzer-no-link)
endif()
