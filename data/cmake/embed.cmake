# cmake -DOUT=shipped_files.c -DHEADER=notice/shipped.h -DTYPE=shipped_file -DLIST=shipped_files -DFILES=a;b -P embed.cmake:
# writes the files as C arrays, and the list of them.
set(arrays "")
set(rows "")
set(count 0)
foreach(file ${FILES})
    get_filename_component(name ${file} NAME)
    file(READ ${file} bytes HEX)
    string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${bytes}")
    string(REGEX REPLACE "(................................................................................)" "\\1\n" bytes
        "${bytes}")
    string(APPEND arrays "static const unsigned char file_${count}[] = {\n${bytes}0};\n")
    string(APPEND rows "    {\"${name}\", (const char *)file_${count}, sizeof file_${count} - 1},\n")
    math(EXPR count "${count} + 1")
endforeach()
file(WRITE ${OUT} "/* Made by data/cmake/embed.cmake. */\n#include \"${HEADER}\"\n\n${arrays}
const struct ${TYPE} ${LIST}[] = {\n${rows}    {0}};\n")
