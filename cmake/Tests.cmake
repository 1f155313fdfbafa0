# SPDX-License-Identifier: Apache-2.0
# One program per Tests/CSizer/*/*_test.c and one ctest per TEST in it. The names are read from the sources, so that no test can
# be written and never run.
set(CSIZER_TESTS ${CSIZER_ROOT}/Tests/CSizer)

file(GLOB CSIZER_TEST_SUPPORT CONFIGURE_DEPENDS ${CSIZER_TESTS}/support/*.c)
list(REMOVE_ITEM CSIZER_TEST_SUPPORT ${CSIZER_TESTS}/support/target_report.c)  # with the programs, below
add_library(csizer_checks STATIC
  ${CSIZER_TEST_SUPPORT} ${CSIZER_ROOT}/CSupport/CSizerTesting/src/filter.c)
# The tests see the engine's internals: what they check is mostly behind the public headers.
target_include_directories(csizer_checks PUBLIC ${CSIZER_TESTS} ${CSIZER_ROOT}/CSupport/CSizer/src
  ${CSIZER_ROOT}/CSupport/CSizerTesting/include)
target_compile_definitions(csizer_checks PUBLIC CSIZER_CHECKS)
target_compile_options(csizer_checks PUBLIC -Wall -Wextra -Werror)
target_link_libraries(csizer_checks PUBLIC csizer_static)

file(GLOB CSIZER_TEST_SOURCES CONFIGURE_DEPENDS ${CSIZER_TESTS}/*/*_test.c)
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${CSIZER_TEST_SOURCES})

# LeakSanitizer asks for ptrace, which containers refuse; what the engine holds is counted by the tests themselves. Variables that
# AddressSanitizer moves off the stack would not be where the walk expects a stack's variables.
set(CSIZER_TEST_ENVIRONMENT
  "ASAN_OPTIONS=detect_leaks=0:detect_stack_use_after_return=0" "UBSAN_OPTIONS=print_stacktrace=1"
  "TSAN_OPTIONS=report_thread_leaks=0")

# The libraries that come with the Swift toolchain whose clang this is. Other compilers do not know how Swift calls.
get_filename_component(CSIZER_SWIFT_LIBRARIES ${CMAKE_C_COMPILER} REALPATH)
get_filename_component(CSIZER_SWIFT_LIBRARIES ${CSIZER_SWIFT_LIBRARIES}/../../lib/swift/linux ABSOLUTE)
set(CSIZER_SWIFT_TESTS ${CSIZER_TESTS}/layouts/survey_test.c ${CSIZER_TESTS}/runtime/target_programs_test.c
  ${CSIZER_TESTS}/allocator/allocator_programs_test.c)
find_library(CSIZER_JEMALLOC_LIBRARY jemalloc)
if(CMAKE_CROSSCOMPILING)
  # Nobody here compiles Swift for that machine. The runtime alone is beside the sysroot.
  list(REMOVE_ITEM CSIZER_TEST_SOURCES ${CSIZER_SWIFT_TESTS})
  set(CSIZER_SWIFT_LIBRARIES ${CSIZER_ARM64}/swift${CSIZER_ARM64_SWIFT})
elseif(EXISTS ${CSIZER_SWIFT_LIBRARIES}/libswiftCore.so)
  include(${CMAKE_CURRENT_LIST_DIR}/Targets.cmake)
  set_source_files_properties(${CSIZER_SWIFT_TESTS} PROPERTIES COMPILE_DEFINITIONS
    "CSIZER_SWIFT_LIBRARIES=\"${CSIZER_SWIFT_LIBRARIES}\";CSIZER_JEMALLOC_LIBRARY=\"${CSIZER_JEMALLOC_LIBRARY}\"")
  target_sources(csizer_checks PRIVATE ${CSIZER_TESTS}/support/target_report.c)
  target_compile_definitions(csizer_checks PRIVATE
    "CSIZER_TARGETS=\"${CSIZER_TARGETS}\"" "CSIZER_PROBE=\"$<TARGET_FILE:csizer_probe>\"" "CSIZER_NM=\"${CMAKE_NM}\"")
  add_dependencies(csizer_checks csizer_targets)
else()
  list(REMOVE_ITEM CSIZER_TEST_SOURCES ${CSIZER_SWIFT_TESTS})
endif()
# Compares sizes with jemalloc's account.
if(NOT CSIZER_JEMALLOC OR NOT EXISTS ${CSIZER_SWIFT_LIBRARIES}/libswiftCore.so)
  list(REMOVE_ITEM CSIZER_TEST_SOURCES ${CSIZER_TESTS}/hooks/live_runtime_test.c)
endif()

# Stacks are read by rules on x86-64 alone, through libraries that come and go, too.
set(CSIZER_CALLERS_TESTS ${CSIZER_TESTS}/traces/callers_test.c ${CSIZER_TESTS}/traces/lasting_images_test.c)
if(CMAKE_SYSTEM_PROCESSOR STREQUAL x86_64)
  foreach(size small:24 large:3000)
    string(REPLACE ":" ";" size ${size})
    list(GET size 0 name)
    list(GET size 1 room)
    add_library(csizer_relay_${name} MODULE ${CSIZER_TESTS}/targets/relay.c)
    target_compile_definitions(csizer_relay_${name} PRIVATE RELAY_ROOM=${room})
    target_compile_options(csizer_relay_${name} PRIVATE -fomit-frame-pointer)
    add_dependencies(csizer_checks csizer_relay_${name})
  endforeach()
  set_source_files_properties(${CSIZER_CALLERS_TESTS} PROPERTIES COMPILE_DEFINITIONS
    "CSIZER_RELAY_SMALL=\"$<TARGET_FILE:csizer_relay_small>\";CSIZER_RELAY_LARGE=\"$<TARGET_FILE:csizer_relay_large>\"")
else()
  list(REMOVE_ITEM CSIZER_TEST_SOURCES ${CSIZER_CALLERS_TESTS} ${CSIZER_TESTS}/traces/by_libunwind_test.c)
endif()

# Return addresses are signed on AArch64 alone: what is called there is built as distributions build their C libraries.
if(CMAKE_SYSTEM_PROCESSOR STREQUAL aarch64)
  set_source_files_properties(${CSIZER_TESTS}/targets/signed_call.c PROPERTIES COMPILE_OPTIONS
    "-mbranch-protection=standard;-fno-omit-frame-pointer")
else()
  list(REMOVE_ITEM CSIZER_TEST_SOURCES ${CSIZER_TESTS}/traces/frame_chain_test.c)
endif()

foreach(source ${CSIZER_TEST_SOURCES})
  get_filename_component(program ${source} NAME_WE)
  add_executable(${program} ${source})
  target_link_libraries(${program} PRIVATE csizer_checks)
  if(program STREQUAL live_runtime_test)
    target_link_libraries(${program} PRIVATE ${CSIZER_SWIFT_LIBRARIES}/libswiftCore.so)
    target_link_options(${program} PRIVATE -Wl,--allow-shlib-undefined)
    set_target_properties(${program} PROPERTIES BUILD_RPATH "${CSIZER_ARM64_SWIFT}")
  endif()
  file(STRINGS ${source} lines REGEX "^TEST\\(")
  if(NOT lines)
    message(FATAL_ERROR "${source} holds no TEST")
  endif()
  if(program STREQUAL frame_chain_test)
    target_sources(${program} PRIVATE ${CSIZER_TESTS}/targets/signed_call.c)
  endif()
  string(REPLACE "_test" "" area ${program})
  foreach(line ${lines})
    string(REGEX REPLACE "^TEST\\(([a-z0-9_]+)\\).*" "\\1" name "${line}")
    add_test(NAME ${area}.${name} COMMAND ${program} ${name})
    set_tests_properties(${area}.${name} PROPERTIES ENVIRONMENT "${CSIZER_TEST_ENVIRONMENT}" TIMEOUT 300)
  endforeach()
endforeach()

# Fuzzers: Tests/CSizer/*/*_fuzz.c, run by ctest with a fixed seed; by hand, without arguments, until stopped.
if(CSIZER_FUZZ)
  file(GLOB CSIZER_FUZZ_SOURCES CONFIGURE_DEPENDS ${CSIZER_TESTS}/*/*_fuzz.c)
  foreach(source ${CSIZER_FUZZ_SOURCES})
    get_filename_component(program ${source} NAME_WE)
    add_executable(${program} ${source})
    target_include_directories(${program} PRIVATE ${CSIZER_ROOT}/CSupport/CSizer/src)
    target_compile_options(${program} PRIVATE -Wall -Wextra -Werror)
    target_link_options(${program} PRIVATE -fsanitize=fuzzer)
    target_link_libraries(${program} PRIVATE csizer_static)
    add_test(NAME fuzz.${program} COMMAND ${program} -runs=300000 -seed=1 -max_len=64)
    set_tests_properties(fuzz.${program} PROPERTIES ENVIRONMENT "${CSIZER_TEST_ENVIRONMENT}" TIMEOUT 300)
  endforeach()
endif()
