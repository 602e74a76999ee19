# redipy_folder(FOLDER [USES folder...] [LIBRARIES lib...] [EXCEPT file...] [NO_TARGET])
#
# Makes the static library redipy_<folder> of all *.cpp in FOLDER. Its sources may include the headers of FOLDER and
# of the folders named by USES (and what those use), as "core/command/args.h"; any other include of ours is not found,
# so a forbidden dependency fails to compile. To that end each folder is seen through a directory of its own in the
# build tree, that holds nothing but a link to it.
#
# NO_TARGET: only makes the folder visible; its sources are built with the target that USES it and lies above it.
function(redipy_folder folder)
  cmake_parse_arguments(PARSE_ARGV 1 arg "NO_TARGET" "" "USES;LIBRARIES;EXCEPT")
  string(REPLACE / _ name ${folder})
  set(view ${CMAKE_BINARY_DIR}/visible/${name})
  cmake_path(GET folder PARENT_PATH parent)
  file(MAKE_DIRECTORY ${view}/${parent})
  file(CREATE_LINK ${CMAKE_SOURCE_DIR}/${folder} ${view}/${folder} SYMBOLIC)
  if(arg_NO_TARGET)
    return()
  endif()

  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/${folder}/*.cpp)
  foreach(file IN LISTS arg_EXCEPT)
    list(REMOVE_ITEM sources ${CMAKE_SOURCE_DIR}/${folder}/${file})
  endforeach()
  foreach(other IN LISTS arg_USES)
    if(other MATCHES "^${folder}/")
      file(GLOB inner CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/${other}/*.cpp)
      list(APPEND sources ${inner})
    endif()
  endforeach()

  if(sources)
    add_library(redipy_${name} STATIC ${sources})
    set(scope PUBLIC)
  else()
    add_library(redipy_${name} INTERFACE)
    set(scope INTERFACE)
  endif()
  target_include_directories(redipy_${name} ${scope} ${view})
  target_link_libraries(redipy_${name} ${scope} redipy_options ${arg_LIBRARIES})
  foreach(other IN LISTS arg_USES)
    if(other MATCHES "^${folder}/")
      continue()  # a folder inside this one: its headers are seen through this one's view
    endif()
    string(REPLACE / _ other_name ${other})
    target_link_libraries(redipy_${name} ${scope} redipy_${other_name})
  endforeach()
endfunction()

# redipy_driver(NAME TITLE PACKAGE): the module redipy_sql_NAME.so of sql/NAME, which is loaded when a URL asks for it;
# only where the library of pkg-config's PACKAGE is there.
function(redipy_driver name title package)
  pkg_check_modules(${title} IMPORTED_TARGET ${package})
  if(NOT ${title}_FOUND)
    message(STATUS "no ${package}: built without the driver for ${title}")
    return()
  endif()
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/sql/${name}/*.cpp)
  add_library(redipy_sql_${name} MODULE ${sources} ${CMAKE_SOURCE_DIR}/sql/statements.cpp
              ${CMAKE_SOURCE_DIR}/sql/array_statements.cpp)
  set_target_properties(redipy_sql_${name} PROPERTIES PREFIX "" LIBRARY_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR})
  target_include_directories(redipy_sql_${name} PRIVATE $<TARGET_PROPERTY:redipy_sql,INCLUDE_DIRECTORIES>
                             $<TARGET_PROPERTY:redipy_core_base,INCLUDE_DIRECTORIES>)
  target_link_libraries(redipy_sql_${name} PRIVATE redipy_options PkgConfig::${title})
endfunction()
