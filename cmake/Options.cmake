# Compiler options for all of our code, in one interface target: redipy_options.

add_library(redipy_options INTERFACE)
target_compile_options(redipy_options INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wnon-virtual-dtor -Wold-style-cast -Wcast-qual -Woverloaded-virtual
  -Wimplicit-fallthrough -Wextra-semi -Wundef)
# g++ 12 misreads how Asio allocates the frames of coroutines.
target_compile_options(redipy_options INTERFACE $<$<CXX_COMPILER_ID:GNU>:-Wno-mismatched-new-delete>)
option(REDIPY_WERROR "warnings are errors" ON)
if(REDIPY_WERROR)
  target_compile_options(redipy_options INTERFACE -Werror)
endif()
target_compile_definitions(redipy_options INTERFACE REDIPY_VERSION="${PROJECT_VERSION}")

set(REDIPY_SANITIZE "" CACHE STRING "sanitizers, as -fsanitize takes them: see the presets")
if(REDIPY_SANITIZE)
  target_compile_options(redipy_options INTERFACE
    -fsanitize=${REDIPY_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  target_link_options(redipy_options INTERFACE -fsanitize=${REDIPY_SANITIZE})
  # clang 14 cannot give coroutines the prologue that its check of function pointers' types needs.
  target_compile_options(redipy_options INTERFACE $<$<CXX_COMPILER_ID:Clang>:-fno-sanitize=function>)
  if(REDIPY_SANITIZE MATCHES "thread")
    # ThreadSanitizer does not understand fences; Asio has locks besides, wherever threads meet.
    target_compile_definitions(redipy_options INTERFACE BOOST_ASIO_DISABLE_FENCED_BLOCK)
  endif()
  set(REDIPY_ALLOCATOR "")
else()
  # The engine's figures (bytes per key, MEMORY, INFO) are those of jemalloc; sanitizers bring an allocator of their own.
  find_library(JEMALLOC_LIBRARY jemalloc REQUIRED)
  set(REDIPY_ALLOCATOR ${JEMALLOC_LIBRARY})
  target_compile_definitions(redipy_options INTERFACE REDIPY_JEMALLOC)
endif()

find_program(CCACHE_PROGRAM ccache)
if(CCACHE_PROGRAM)
  # What one clone has compiled serves every other one, wherever it lies.
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CMAKE_COMMAND} -E env CCACHE_BASEDIR=${CMAKE_SOURCE_DIR} CCACHE_NOHASHDIR=1
      CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime ${CCACHE_PROGRAM})
endif()
find_program(MOLD_PROGRAM mold)
if(MOLD_PROGRAM)
  target_link_options(redipy_options INTERFACE -fuse-ld=mold)
endif()
