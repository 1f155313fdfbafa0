# SPDX-License-Identifier: Apache-2.0
# libcsizer.a and libcsizer.so from the same objects, their headers, and a pkg-config file for either.
include(GNUInstallDirs)
find_package(Threads REQUIRED)

file(GLOB CSIZER_SOURCES CONFIGURE_DEPENDS ${CSIZER_ROOT}/CSupport/CSizer/src/*/*.c)
file(GLOB CSIZER_HEADERS CONFIGURE_DEPENDS ${CSIZER_ROOT}/CSupport/CSizer/include/*.h)

add_library(csizer_objects OBJECT ${CSIZER_SOURCES})
set_target_properties(csizer_objects PROPERTIES POSITION_INDEPENDENT_CODE ON)
target_include_directories(csizer_objects PUBLIC ${CSIZER_ROOT}/CSupport/CSizer/include)
target_include_directories(csizer_objects PRIVATE ${CSIZER_ROOT}/CSupport/CSizer/src)
target_compile_options(csizer_objects PRIVATE -Wall -Wextra -Werror)
# The engine's invariants, which the tests call after each step.
if(CSIZER_BUILD_TESTS)
  target_compile_definitions(csizer_objects PRIVATE CSIZER_CHECKS)
endif()

# What the pkg-config file requires; empty without jemalloc.
set(CSIZER_PKGCONFIG_REQUIRES "")
if(CSIZER_JEMALLOC)
  find_package(PkgConfig REQUIRED)
  pkg_check_modules(JEMALLOC IMPORTED_TARGET jemalloc)
  if(NOT JEMALLOC_FOUND)
    message(FATAL_ERROR "jemalloc is not here: run ./bootstrap, or configure with -DCSIZER_JEMALLOC=OFF")
  endif()
  target_compile_definitions(csizer_objects PRIVATE CSIZER_JEMALLOC)
  target_link_libraries(csizer_objects PUBLIC PkgConfig::JEMALLOC)
  set(CSIZER_PKGCONFIG_REQUIRES "jemalloc")
endif()
target_link_libraries(csizer_objects PUBLIC Threads::Threads ${CMAKE_DL_LIBS})

foreach(kind STATIC SHARED)
  string(TOLOWER csizer_${kind} target)
  add_library(${target} ${kind} $<TARGET_OBJECTS:csizer_objects>)
  set_target_properties(${target} PROPERTIES OUTPUT_NAME csizer)
  target_include_directories(${target} PUBLIC ${CSIZER_ROOT}/CSupport/CSizer/include)
  target_link_libraries(${target} PUBLIC
    $<$<BOOL:${CSIZER_JEMALLOC}>:PkgConfig::JEMALLOC> Threads::Threads ${CMAKE_DL_LIBS})
endforeach()
set_target_properties(csizer_shared PROPERTIES
  VERSION ${PROJECT_VERSION} SOVERSION ${PROJECT_VERSION_MAJOR}.${PROJECT_VERSION_MINOR})

configure_file(${CMAKE_CURRENT_LIST_DIR}/csizer.pc.in ${CMAKE_CURRENT_BINARY_DIR}/csizer.pc @ONLY)
install(TARGETS csizer_static csizer_shared
  ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR} LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(FILES ${CSIZER_HEADERS} DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/csizer)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/csizer.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
