# find_package(maxim): the targets maxim::maxim (shared), maxim::static and maxim::cpp (C++ binding; set
# MAXIM_CPP_STATIC to have it linked with the static library). Paths follow this file, so that the
# installation can be moved.
include(CMakeFindDependencyMacro)
find_dependency(Threads)

get_filename_component(maxim_prefix "${CMAKE_CURRENT_LIST_DIR}/../../.." ABSOLUTE)
set(maxim_shared "${maxim_prefix}/lib/libmaxim.so")
set(maxim_archive "${maxim_prefix}/lib/libmaxim.a")
set(maxim_include "${maxim_prefix}/include")
set(maxim_cpp_include "${maxim_prefix}/include")
include("${CMAKE_CURRENT_LIST_DIR}/maxim-targets.cmake")
