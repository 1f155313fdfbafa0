# SPDX-License-Identifier: Apache-2.0
# Programs that know nothing of Sizer, made by the Swift toolchain's own compiler, and the library that looks at them from inside
# (Tests/CSizer/targets). CSIZER_TARGETS is the folder where they are. Needs CSIZER_SWIFT_LIBRARIES.
get_filename_component(CSIZER_SWIFTC ${CSIZER_SWIFT_LIBRARIES}/../../../bin/swiftc ABSOLUTE)
set(CSIZER_TARGETS ${CMAKE_CURRENT_BINARY_DIR}/targets)
set(CSIZER_TARGET_SOURCES ${CSIZER_TESTS}/targets)
file(MAKE_DIRECTORY ${CSIZER_TARGETS})

# The sanitizers' runtimes must come first in a process, which a preloaded library can't see to: these are built without.
set(CSIZER_NOT_SANITIZED -fno-sanitize=all)

# csizer_target(NAME OPTIONS...): the program, compiled and linked so.
function(csizer_target name)
  cmake_parse_arguments(PARSE_ARGV 1 program "" "" "DEPENDS;OPTIONS")
  add_custom_command(OUTPUT ${CSIZER_TARGETS}/${name}
    COMMAND ${CSIZER_SWIFTC} -O -parse-as-library -module-name Program -module-cache-path ${CSIZER_TARGETS}/modules
      ${program_OPTIONS} ${CSIZER_TARGET_SOURCES}/program.swift -o ${CSIZER_TARGETS}/${name}
    DEPENDS ${CSIZER_TARGET_SOURCES}/program.swift ${program_DEPENDS} VERBATIM)
  set_property(GLOBAL APPEND PROPERTY CSIZER_TARGET_FILES ${CSIZER_TARGETS}/${name})
endfunction()

# csizer_stripped(NAME FROM OPTION): the same program, stripped.
function(csizer_stripped name from option)
  add_custom_command(OUTPUT ${CSIZER_TARGETS}/${name}
    COMMAND ${CMAKE_STRIP} ${option} -o ${CSIZER_TARGETS}/${name} ${CSIZER_TARGETS}/${from}
    DEPENDS ${CSIZER_TARGETS}/${from} VERBATIM)
  set_property(GLOBAL APPEND PROPERTY CSIZER_TARGET_FILES ${CSIZER_TARGETS}/${name})
endfunction()

csizer_target(dynamic OPTIONS -g)
csizer_stripped(dynamic_without_symbols dynamic -s)
csizer_target(static OPTIONS -g -static-stdlib)
csizer_stripped(static_without_debug_info static -g)
csizer_stripped(static_without_symbols static -s)
# As SwiftPM links with --static-swift-stdlib; where nothing is used the linker drops it.
csizer_target(static_hidden OPTIONS -static-stdlib -Xlinker --exclude-libs=ALL -Xlinker --gc-sections)
# Where the file's addresses are those in memory.
csizer_target(static_fixed OPTIONS -static-stdlib -Xclang-linker -no-pie)

foreach(kind own_malloc own_malloc_without_sizes)
  add_library(${kind} OBJECT ${CSIZER_TARGET_SOURCES}/own_malloc.c)
  set_target_properties(${kind} PROPERTIES POSITION_INDEPENDENT_CODE ON C_VISIBILITY_PRESET hidden)
  target_compile_options(${kind} PRIVATE -Wall -Wextra -Werror -O1 -fno-builtin ${CSIZER_NOT_SANITIZED})
  csizer_target(static_${kind} OPTIONS -static-stdlib $<TARGET_OBJECTS:${kind}> DEPENDS ${kind} $<TARGET_OBJECTS:${kind}>)
endforeach()
target_compile_definitions(own_malloc_without_sizes PRIVATE WITHOUT_USABLE_SIZE)

# The engine as a guest has it: with no allocator of its own.
add_library(csizer_probe SHARED ${CSIZER_SOURCES} ${CSIZER_TARGET_SOURCES}/probe.c)
target_include_directories(csizer_probe PRIVATE ${CSIZER_ROOT}/CSupport/CSizer/include ${CSIZER_ROOT}/CSupport/CSizer/src)
target_compile_options(csizer_probe PRIVATE -Wall -Wextra -Werror ${CSIZER_NOT_SANITIZED})
target_link_options(csizer_probe PRIVATE ${CSIZER_NOT_SANITIZED}
  -Wl,--version-script=${CSIZER_TARGET_SOURCES}/probe.map)
set_target_properties(csizer_probe PROPERTIES LINK_LIBRARIES "Threads::Threads;${CMAKE_DL_LIBS}"
  LINK_DEPENDS ${CSIZER_TARGET_SOURCES}/probe.map)

get_property(CSIZER_TARGET_FILES GLOBAL PROPERTY CSIZER_TARGET_FILES)
add_custom_target(csizer_targets ALL DEPENDS ${CSIZER_TARGET_FILES} csizer_probe)
