# How every target of the project is built: language, warnings, hardening, sanitizers, and the two target functions.
include(GNUInstallDirs)

set(CMAKE_C_STANDARD 11)
set(CMAKE_C_EXTENSIONS ON)
set(CMAKE_C_STANDARD_REQUIRED ON)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/bin)

set(SANITIZER "" CACHE STRING "Sanitizers to build with, e.g. address,undefined or thread")
option(WARNINGS_ARE_ERRORS "Build with -Werror" OFF)
option(FUZZ "Build the fuzzers with libFuzzer (clang)" OFF)

find_program(CCACHE ccache)
if(CCACHE AND NOT CMAKE_C_COMPILER_LAUNCHER)
    set(CMAKE_C_COMPILER_LAUNCHER ${CCACHE})
endif()

add_library(belisha_flags INTERFACE)
target_compile_definitions(belisha_flags INTERFACE _GNU_SOURCE BELISHA_VERSION="${PROJECT_VERSION}")
target_include_directories(belisha_flags INTERFACE ${PROJECT_SOURCE_DIR}/include ${PROJECT_SOURCE_DIR}/resolver)
target_compile_options(belisha_flags INTERFACE
    -Wall -Wextra -Wshadow -Wconversion -Wstrict-prototypes -Wmissing-prototypes -Wold-style-definition
    -Wformat=2 -Wundef -Wvla -Wcast-qual -Wpointer-arith -Wwrite-strings -Wswitch-enum -Wnull-dereference
    -Wno-sign-conversion        # wire code mixes bytes and ints in every line; -Wconversion keeps the real losses
    -fno-strict-aliasing        # embedded libuv handles (libuv casts between handle types)
    -fno-omit-frame-pointer     # readable profiles
)
if(WARNINGS_ARE_ERRORS)
    target_compile_options(belisha_flags INTERFACE -Werror)
endif()
if(SANITIZER)
    target_compile_options(belisha_flags INTERFACE -fsanitize=${SANITIZER} -fno-sanitize-recover=all)
    target_link_options(belisha_flags INTERFACE -fsanitize=${SANITIZER})
else()
    target_compile_options(belisha_flags INTERFACE $<$<NOT:$<CONFIG:Debug>>:-fstack-protector-strong>)
    target_compile_definitions(belisha_flags INTERFACE $<$<NOT:$<CONFIG:Debug>>:_FORTIFY_SOURCE=2>)
    target_link_options(belisha_flags INTERFACE -Wl,-z,relro,-z,now)
endif()
if(FUZZ)
    target_compile_options(belisha_flags INTERFACE -fsanitize=fuzzer-no-link)
endif()
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
# Release keeps assertions: they guard against our own mistakes, and a wrong answer is worse than a restart.
set(CMAKE_C_FLAGS_RELEASE "-O2 -g")
set(CMAKE_C_FLAGS_DEBUG "-O1 -g")

# belisha_library(<name> SOURCES ... [LINKS ...]): the static library of one folder. LINKS are the folders and libraries
# it may know; they are PRIVATE, so a folder that uses another one says so itself.
function(belisha_library name)
    cmake_parse_arguments(ARG "" "" "SOURCES;LINKS" ${ARGN})
    add_library(${name} STATIC ${ARG_SOURCES})
    target_link_libraries(${name} PRIVATE belisha_flags ${ARG_LINKS})
endfunction()

# belisha_program(<target> <file name> SOURCES ... [LINKS ...])
function(belisha_program target output)
    cmake_parse_arguments(ARG "" "" "SOURCES;LINKS" ${ARGN})
    add_executable(${target} ${ARG_SOURCES})
    set_target_properties(${target} PROPERTIES OUTPUT_NAME ${output})
    target_link_libraries(${target} PRIVATE belisha_flags ${ARG_LINKS})
endfunction()

find_package(PkgConfig REQUIRED)
find_package(Threads REQUIRED)
# One imported target per library: <prefix>::<prefix>
foreach(pair
        "uv:libuv" "ldns:ldns" "fyaml:libfyaml" "curl:libcurl" "archive:libarchive" "idn2:libidn2" "psl:libpsl"
        "jansson:jansson" "zstd:libzstd" "sodium:libsodium" "xxhash:libxxhash" "microhttpd:libmicrohttpd"
        "cmocka:cmocka" "pcre2:libpcre2-8" "seccomp:libseccomp" "openssl:openssl" "nghttp2:libnghttp2"
        "fstrm:libfstrm" "sqlite:sqlite3" "rdkafka:rdkafka" "zlib:zlib")
    string(REPLACE ":" ";" pair ${pair})
    list(GET pair 0 target)
    list(GET pair 1 module)
    pkg_check_modules(${target} REQUIRED IMPORTED_TARGET GLOBAL ${module})
    add_library(lib::${target} ALIAS PkgConfig::${target})
endforeach()
# LMDB ships no pkg-config file on every release.
find_library(LMDB_LIBRARY lmdb REQUIRED)
find_path(LMDB_INCLUDE_DIR lmdb.h REQUIRED)
add_library(lmdb_imported INTERFACE)
target_link_libraries(lmdb_imported INTERFACE ${LMDB_LIBRARY})
target_include_directories(lmdb_imported SYSTEM INTERFACE ${LMDB_INCLUDE_DIR})
add_library(lib::lmdb ALIAS lmdb_imported)
add_library(lib::threads ALIAS Threads::Threads)
