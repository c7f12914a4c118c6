# Makes the targets maxim::maxim, maxim::static and maxim::cpp from
#
#   maxim_shared, maxim_archive          the libraries' files
#   maxim_include, maxim_cpp_include     where maxim.h and maxim/maxim.hpp are
#
# for a build from source and for an installed package alike.
if(TARGET maxim::maxim)
    return()
endif()

find_package(Threads REQUIRED)

add_library(maxim::maxim SHARED IMPORTED GLOBAL)
set_target_properties(maxim::maxim PROPERTIES
    IMPORTED_LOCATION "${maxim_shared}"
    INTERFACE_INCLUDE_DIRECTORIES "${maxim_include}")

# What the Rust standard library needs of the system.
add_library(maxim::static STATIC IMPORTED GLOBAL)
set_target_properties(maxim::static PROPERTIES
    IMPORTED_LOCATION "${maxim_archive}"
    INTERFACE_INCLUDE_DIRECTORIES "${maxim_include}"
    INTERFACE_LINK_LIBRARIES "Threads::Threads;${CMAKE_DL_LIBS};m")

add_library(maxim::cpp INTERFACE IMPORTED GLOBAL)
set_target_properties(maxim::cpp PROPERTIES
    INTERFACE_INCLUDE_DIRECTORIES "${maxim_cpp_include}"
    INTERFACE_COMPILE_FEATURES cxx_std_17)
if(MAXIM_CPP_STATIC)
    set_property(TARGET maxim::cpp PROPERTY INTERFACE_LINK_LIBRARIES maxim::static)
else()
    set_property(TARGET maxim::cpp PROPERTY INTERFACE_LINK_LIBRARIES maxim::maxim)
endif()
